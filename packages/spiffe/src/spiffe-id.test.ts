import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SpiffeErrorCode } from './error-codes.js';
import { SpiffeError } from './spiffe-error.js';
import { createSpiffeId, parseSpiffeId } from './spiffe-id.js';
import { expectRefusal } from './test-support/expect-refusal.js';
import { parseTrustDomain } from './trust-domain.js';

type Case = readonly [rule: string, accepted: readonly string[], refused: readonly (readonly [string, SpiffeErrorCode])[]];

const td255 = 'a'.repeat(255);
const path = (bytes: number) => `/${'p'.repeat(bytes - 1)}`;

const CASES: readonly Case[] = [
  [
    'ID-1',
    ['spiffe://td/a'],
    [
      'SPIFFE://td/a',
      'Spiffe://td/a',
      'https://td/a',
      'spiffe:/a',
      'spiffe:td/a',
      ' spiffe://td/a',
      '',
      'spiffe',
      '\ufeffspiffe://td',
    ].map((text) => [text, 'id_scheme']),
  ],
  ['ID-2', ['spiffe://t/a', 'spiffe://t'], ['spiffe:///a', 'spiffe://'].map((text) => [text, 'trust_domain_empty'])],
  [
    'ID-3',
    ['spiffe://td/a'],
    ['spiffe://td/a?', 'spiffe://td/a#', 'spiffe://td/a?x=1', 'spiffe://td?', 'spiffe://td#x', 'spiffe://td/?'].map((text) => [
      text,
      'id_query_or_fragment',
    ]),
  ],
  [
    'ID-4',
    ['spiffe://td/a'],
    ['spiffe://u@td/a', 'spiffe://@td/a', 'spiffe://td:/a', 'spiffe://td:8443/a', 'spiffe://u:p@td', 'spiffe://:@td'].map(
      (text) => [text, 'id_userinfo_or_port'],
    ),
  ],
  [
    'ID-5',
    ['spiffe://a_b-1.x/a'],
    [
      'spiffe://Td/a',
      'spiffe://t%64/a',
      'spiffe://[::1]/a',
      'spiffe://tä/a',
      'spiffe://t d',
      'spiffe://td\\a',
      'spiffe://ｔｄ',
    ].map((text) => [text, 'trust_domain_character']),
  ],
  [
    'ID-6',
    ['10.0.0.1', '127.1', '..', '.', '-a', '_', 'example.org', 'xn--a', 'constructor', '__proto__'].map(
      (td) => `spiffe://${td}/a`,
    ),
    [],
  ],
  [
    'ID-7',
    ['spiffe://td/ns/a_b/SA.1', 'spiffe://td/A-z'],
    ['/a%20b', '/a b', '/a:b', '/é', '/a\\b', '/a@b', '/a;b', '/ａ', '/a\u2028', '/a\ud800'].map((p) => [
      `spiffe://td${p}`,
      'id_path_character',
    ]),
  ],
  [
    'ID-8',
    ['spiffe://td/a/...', 'spiffe://td/.a', 'spiffe://td/a..', 'spiffe://td/..a'],
    ['/a//b', '/a/../b', '/./a', '/a/', '/', '//', '/.', '/..', '/a/..', '//a'].map((p) => [
      `spiffe://td${p}`,
      'id_path_segment',
    ]),
  ],
  [
    'ID-9',
    [`spiffe://td${path(2048 - 11)}`, `spiffe://${td255}/a`],
    [
      [`spiffe://td${path(2049 - 11)}`, 'id_too_long'],
      [`spiffe://${td255}a/a`, 'trust_domain_too_long'],
    ],
  ],
  [
    'ID-11',
    ['spiffe://td/a'],
    [
      'spiffe://td/a\n',
      'spiffe://td/a\tb',
      'spiffe://td/a\0',
      'spiffe://td\n',
      'spiffe://t\0d/a',
      'spiffe://t\rd/a',
      'spiffe://td/\x7f',
    ].map((text) => [text, 'id_control_character']),
  ],
];

describe('parseSpiffeId', () => {
  describe.each(CASES)('%s', (rule, accepted, refused) => {
    it.each(accepted)('accepts %j', (text) => {
      expect(parseSpiffeId(text).toString()).toBe(text);
    });
    if (refused.length > 0) {
      it.each(refused)('refuses %j', (text, code) => {
        expectRefusal(() => parseSpiffeId(text), code, rule);
      });
    }
  });

  it('ID-1: refuses what is not a string', () => {
    for (const value of [undefined, null, 1, {}, ['spiffe://td/a'], new String('spiffe://td/a')]) {
      expectRefusal(() => parseSpiffeId(value as string), 'id_not_text', 'ID-1');
    }
  });

  it('takes an ID apart', () => {
    const id = parseSpiffeId('spiffe://prod.example/agent/a1');
    expect(id.trustDomain.name).toBe('prod.example');
    expect(id.path).toBe('/agent/a1');
    expect(id.segments).toEqual(['agent', 'a1']);
    expect(JSON.stringify({ id })).toBe('{"id":"spiffe://prod.example/agent/a1"}');
    expect(parseSpiffeId('spiffe://td').segments).toEqual([]);
  });

  it('ID-10: compares byte for byte', () => {
    const id = parseSpiffeId('spiffe://td/a');
    expect(id.equals(parseSpiffeId('spiffe://td/a'))).toBe(true);
    for (const other of ['spiffe://td/A', 'spiffe://td', 'spiffe://td/a/b', 'spiffe://tda']) {
      expect(id.equals(parseSpiffeId(other))).toBe(false);
    }
  });

  it('is immutable', () => {
    const id = parseSpiffeId('spiffe://td/a');
    expect([id, id.segments, id.trustDomain].every(Object.isFrozen)).toBe(true);
  });

  it('names no part of the input in its message', () => {
    const error = expectRefusal(() => parseSpiffeId('spiffe://td/canary canary'), 'id_path_character', 'ID-7');
    expect(error.message).not.toContain('canary');
  });

  it('agrees with the grammar on any text, and throws nothing but SpiffeError', () => {
    const grammar = /^spiffe:\/\/[a-z0-9._-]{1,255}(\/(?!\.{1,2}(\/|$))[a-zA-Z0-9._-]+)*$/;
    const nearly = fc
      .array(fc.constantFrom('spiffe://', 'td', '/', '.', 'a', 'A', '%', '?', '#', ':', '@', '\n', 'é', '\0', '-', '_'), {
        maxLength: 12,
      })
      .map((parts) => parts.join(''));
    const prefixed = nearly.map((text) => `spiffe://${text}`);
    fc.assert(
      fc.property(fc.oneof(prefixed, nearly, fc.string({ unit: 'binary' })), (text) => {
        const valid = grammar.test(text) && text.length <= 2048;
        try {
          expect(parseSpiffeId(text).toString()).toBe(text);
          expect(valid).toBe(true);
        } catch (error) {
          if (!(error instanceof SpiffeError)) throw error;
          expect(valid).toBe(false);
        }
      }),
      { numRuns: 1500 },
    );
  });
});

describe('createSpiffeId', () => {
  const td = parseTrustDomain('td');

  it('joins segments', () => {
    expect(createSpiffeId(td, 'ns', 'a').toString()).toBe('spiffe://td/ns/a');
    expect(createSpiffeId(td).toString()).toBe('spiffe://td');
    expect(createSpiffeId(td, 'ns', 'a').equals(parseSpiffeId('spiffe://td/ns/a'))).toBe(true);
  });

  it.each([
    [['a/b'], 'id_path_character', 'ID-7'],
    [['/'], 'id_path_character', 'ID-7'],
    [['a b'], 'id_path_character', 'ID-7'],
    [[''], 'id_path_segment', 'ID-8'],
    [['a', '..'], 'id_path_segment', 'ID-8'],
    [['a?'], 'id_query_or_fragment', 'ID-3'],
    [['a\n'], 'id_control_character', 'ID-11'],
    [['p'.repeat(2037)], 'id_too_long', 'ID-9'],
    [[1], 'id_not_text', 'ID-1'],
  ] as const)('refuses %j', (segments, code, rule) => {
    expectRefusal(() => createSpiffeId(td, ...(segments as readonly string[])), code, rule);
  });

  it('ID-9: reaches 2048 bytes', () => {
    expect(createSpiffeId(td, 'p'.repeat(2036)).toString()).toHaveLength(2048);
  });
});

describe('parseTrustDomain', () => {
  it.each(['td', 'a_b-1.x', '10.0.0.1', '..', '_', 'constructor', '__proto__', td255])('accepts %j', (name) => {
    const td = parseTrustDomain(name);
    expect([td.name, td.id, String(td)]).toEqual([name, `spiffe://${name}`, name]);
    expect(Object.isFrozen(td)).toBe(true);
  });

  it.each([
    ['', 'trust_domain_empty', 'ID-2'],
    ['td?', 'id_query_or_fragment', 'ID-3'],
    ['td:1', 'id_userinfo_or_port', 'ID-4'],
    ['spiffe://td', 'id_userinfo_or_port', 'ID-4'],
    ['Td', 'trust_domain_character', 'ID-5'],
    ['td/', 'trust_domain_character', 'ID-5'],
    [`${td255}a`, 'trust_domain_too_long', 'ID-9'],
    ['td\n', 'id_control_character', 'ID-11'],
  ] as const)('refuses %j', (name, code, rule) => {
    expectRefusal(() => parseTrustDomain(name), code, rule);
  });

  it('refuses what is not a string', () => {
    expectRefusal(() => parseTrustDomain(undefined as unknown as string), 'id_not_text', 'ID-1');
  });

  it('compares by name', () => {
    expect(parseTrustDomain('td').equals(parseTrustDomain('td'))).toBe(true);
    expect(parseTrustDomain('td').equals(parseTrustDomain('td.'))).toBe(false);
  });
});

it('a trust domain that outlives its ID does not keep its text', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heldBytes = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const path = 'a'.repeat(1900);
  // Filled before anything is counted, so that only what the names themselves hold is.
  const names: string[] = Array.from({ length: 4000 }, () => '');
  const before = heldBytes();
  for (const i of names.keys())
    names[i] = parseSpiffeId(Buffer.from(`spiffe://td${i}.example.org/${path}`).toString()).trustDomain.name;
  // The texts are 7.6 MB.
  expect(heldBytes() - before).toBeLessThan(2_000_000);
  expect(names[1]).toBe('td1.example.org');
});
