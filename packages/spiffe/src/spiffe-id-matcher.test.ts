import { describe, expect, it } from 'vitest';
import { parseSpiffeId } from './spiffe-id.js';
import { matchAnyOf, matchId, matchPathPrefix, matchTrustDomain, type SpiffeIdMatcher } from './spiffe-id-matcher.js';
import { expectRefusal } from './test-support/expect-refusal.js';
import { parseTrustDomain } from './trust-domain.js';

const dir = parseSpiffeId('spiffe://td/dir');

describe.each<[string, SpiffeIdMatcher, readonly string[], readonly string[]]>([
  [
    'matchId',
    matchId('spiffe://td/dir'),
    ['spiffe://td/dir'],
    ['spiffe://td/Dir', 'spiffe://td/dir/a', 'spiffe://td', 'spiffe://tx/dir'],
  ],
  ['matchId (parsed)', matchId(dir), ['spiffe://td/dir'], ['spiffe://td/di']],
  ['matchAnyOf', matchAnyOf(dir, 'spiffe://b/x'), ['spiffe://td/dir', 'spiffe://b/x'], ['spiffe://b/dir', 'spiffe://td/x']],
  ['matchTrustDomain', matchTrustDomain('td'), ['spiffe://td/a', 'spiffe://td/a/b'], ['spiffe://td.x/a', 'spiffe://t/d']],
  ['matchTrustDomain (parsed)', matchTrustDomain(parseTrustDomain('constructor')), ['spiffe://constructor/a'], ['spiffe://td/a']],
  [
    'matchPathPrefix',
    matchPathPrefix('spiffe://td/dir'),
    ['spiffe://td/dir', 'spiffe://td/dir/store', 'spiffe://td/dir/a/b'],
    ['spiffe://td/directory', 'spiffe://td/di', 'spiffe://td', 'spiffe://tx/dir/store', 'spiffe://td/a/dir'],
  ],
])('%s', (_name, matcher, accepted, refused) => {
  it.each(accepted)('matches %s', (id) => {
    expect(matcher.matches(parseSpiffeId(id))).toBe(true);
  });
  it.each(refused)('does not match %s', (id) => {
    expect(matcher.matches(parseSpiffeId(id))).toBe(false);
  });
});

describe('a matcher', () => {
  it('describes itself', () => {
    expect(matchId(dir).description).toBe('spiffe://td/dir');
    expect(matchAnyOf(dir, 'spiffe://b/x').description).toBe('spiffe://td/dir or spiffe://b/x');
    expect(matchTrustDomain('td').description).toBe('spiffe://td/*');
    expect(matchPathPrefix(dir).description).toBe('spiffe://td/dir/*');
  });

  it('is refused at construction when it expects nothing legal', () => {
    expectRefusal(() => matchId('spiffe://td/'), 'id_path_segment', 'ID-8');
    expectRefusal(() => matchAnyOf(dir, 'https://td/a'), 'id_scheme', 'ID-1');
    expectRefusal(() => matchTrustDomain('Td'), 'trust_domain_character', 'ID-5');
    expect(() => matchAnyOf()).toThrow(TypeError);
    expect(() => matchPathPrefix('spiffe://td')).toThrow(TypeError);
  });
});
