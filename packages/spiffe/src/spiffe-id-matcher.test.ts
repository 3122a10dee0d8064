import { describe, expect, it } from 'vitest';
import { parseSpiffeId } from './spiffe-id.js';
import {
  allOf,
  anyOf,
  matchAnyOf,
  matchId,
  matchPathPrefix,
  matchTrustDomain,
  not,
  type SpiffeIdMatcher,
} from './spiffe-id-matcher.js';
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
  [
    'allOf',
    allOf(matchTrustDomain('td'), matchPathPrefix('spiffe://td/dir'), not(matchId('spiffe://td/dir/guest'))),
    ['spiffe://td/dir', 'spiffe://td/dir/store'],
    ['spiffe://td/a', 'spiffe://tx/dir', 'spiffe://td/dir/guest'],
  ],
  ['allOf (one)', allOf(matchId(dir)), ['spiffe://td/dir'], ['spiffe://td/a']],
  [
    'anyOf',
    anyOf(matchTrustDomain('a'), matchId('spiffe://b/x'), matchPathPrefix('spiffe://c/x')),
    ['spiffe://a/any', 'spiffe://b/x', 'spiffe://c/x/y'],
    ['spiffe://b/y', 'spiffe://c/y', 'spiffe://d/any'],
  ],
  ['not', not(matchTrustDomain('td')), ['spiffe://tx/dir'], ['spiffe://td/dir']],
  ['not not', not(not(matchId(dir))), ['spiffe://td/dir'], ['spiffe://tx/dir']],
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
    expect(allOf(matchTrustDomain('td'), not(matchId(dir))).description).toBe('(spiffe://td/*) and (not (spiffe://td/dir))');
    expect(anyOf(matchTrustDomain('td'), matchId(dir)).description).toBe('(spiffe://td/*) or (spiffe://td/dir)');
    expect(anyOf(matchId(dir)).description).toBe('spiffe://td/dir');
  });

  it('is refused at construction when it expects nothing legal', () => {
    expectRefusal(() => matchId('spiffe://td/'), 'id_path_segment', 'ID-8');
    expectRefusal(() => matchAnyOf(dir, 'https://td/a'), 'id_scheme', 'ID-1');
    expectRefusal(() => matchTrustDomain('Td'), 'trust_domain_character', 'ID-5');
    expect(() => matchAnyOf()).toThrow(TypeError);
    expect(() => matchPathPrefix('spiffe://td')).toThrow(TypeError);
    // Of nothing, everything holds: an empty list must not become "any server".
    expect(() => allOf()).toThrow(TypeError);
    expect(() => anyOf()).toThrow(TypeError);
    for (const combine of [allOf, anyOf, not]) {
      for (const odd of [undefined, null, 'spiffe://td/dir', dir]) {
        expect(() => combine(odd as unknown as SpiffeIdMatcher)).toThrow(TypeError);
      }
    }
  });

  it('that answers oddly makes a combination throw, however deep it stands', () => {
    const odd = (answer: unknown) => ({ description: 'odd', matches: () => answer as boolean });
    for (const answer of [undefined, null, 1, 'no', Promise.resolve(true)]) {
      for (const combined of [allOf(odd(answer)), anyOf(odd(answer)), not(odd(answer)), not(anyOf(not(odd(answer))))]) {
        expect(() => combined.matches(dir)).toThrow(TypeError);
      }
    }
    expect(allOf(odd(true)).matches(dir)).toBe(true);
    expect(anyOf(odd(false), odd(true)).matches(dir)).toBe(true);
    expect(not(anyOf(odd(false))).matches(dir)).toBe(true);
  });
});
