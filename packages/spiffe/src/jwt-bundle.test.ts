import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBundleSet } from './bundle-set.js';
import { type JwtBundle, parseJwtBundle } from './jwt-bundle.js';
import { SpiffeError } from './spiffe-error.js';
import { expectRefusal } from './test-support/expect-refusal.js';
import {
  type Alg,
  AUDIENCE,
  ecPair,
  issue,
  type Json,
  jwkOf,
  jwksOf,
  type KeyPair,
  NOW,
  rsaPair,
} from './test-support/jwt-issuer.js';
import { parseTrustDomain } from './trust-domain.js';
import { verifyJwtSvid } from './verify-jwt-svid.js';

const td = parseTrustDomain('td');
const good = ecPair();
const other = ecPair();
const rsa = rsaPair();
const rsa1024 = rsaPair(1024);
const rsaE3 = rsaPair(2048, 3);

const workloadApi = (jwks: string | Uint8Array) => parseJwtBundle(td, jwks, { keysWithoutUse: 'jwt-svid' });
const spiffeBundle = (jwks: string | Uint8Array) => parseJwtBundle(td, jwks, { keysWithoutUse: 'ignore' });

function verify(bundle: JwtBundle, token: string) {
  return verifyJwtSvid(token, createBundleSet({ jwt: [bundle] }), { audience: [AUDIENCE], now: NOW });
}

/** The element beside a good key: the good one works; the element's key does or does not. */
function expectKey(element: unknown, pair: KeyPair, used: boolean, parse = spiffeBundle, alg: Alg = 'ES256'): void {
  const bundle = parse(jwksOf(jwkOf(good, 'good'), element));
  expect(verify(bundle, issue(good, { kid: 'good' })).id.toString()).toBe('spiffe://td/client');
  const token = issue(pair, { kid: 'k1', alg });
  if (used) expect(verify(bundle, token).bundle).toBe(bundle);
  else expectRefusal(() => verify(bundle, token), 'jwt_key_unknown', 'J-6');
  expect(bundle.keyIds).toEqual(used ? ['good', 'k1'] : ['good']);
}

describe('parseJwtBundle', () => {
  it('stores the trust domain beside the keys, and does not change (B-11)', () => {
    const bundle = spiffeBundle(jwksOf(jwkOf(good, 'good')));
    expect(bundle.trustDomain).toBe(td);
    expect([bundle, bundle.keyIds].every(Object.isFrozen)).toBe(true);
  });

  it('takes bytes as well as text', () => {
    const bytes = Buffer.from(`xx${jwksOf(jwkOf(good, 'é'))}`).subarray(2);
    expect(spiffeBundle(bytes).keyIds).toEqual(['é']);
    expect(spiffeBundle(new Uint8Array(bytes)).keyIds).toEqual(['é']);
  });

  it('D8: has no default mode', () => {
    for (const keysWithoutUse of [undefined, 'both', true]) {
      expect(() => parseJwtBundle(td, jwksOf(), { keysWithoutUse: keysWithoutUse as 'ignore' })).toThrow(TypeError);
    }
  });

  it('B-1: wants an array named keys', () => {
    expect(spiffeBundle('{"keys":[]}').keyIds).toEqual([]);
    for (const text of [
      '{}',
      '{"keys":{}}',
      '{"keys":null}',
      '{"keys":"x"}',
      '[]',
      'null',
      '"keys"',
      '{"Keys":[]}',
      '',
      '{"keys":[]',
      'x',
    ]) {
      expectRefusal(() => spiffeBundle(text), 'jwks_malformed', 'B-1');
    }
    expectRefusal(() => spiffeBundle(Buffer.from('{"keys":[],"x":"\xff"}', 'latin1')), 'jwks_malformed', 'B-1');
    expectRefusal(() => spiffeBundle(Buffer.from('\ufeff{"keys":[]}')), 'jwks_malformed', 'B-1');
    expectRefusal(() => spiffeBundle(undefined as unknown as string), 'jwks_malformed', 'B-1');
  });

  it('B-2: a bundle without a usable key trusts nothing', () => {
    for (const jwks of [jwksOf(), jwksOf(jwkOf(good, 'k1', { use: 'x509-svid' }))]) {
      const bundle = spiffeBundle(jwks);
      expectRefusal(() => verify(bundle, issue(good)), 'jwt_key_unknown', 'J-6');
      expectRefusal(() => verify(bundle, issue(good, { kid: undefined })), 'jwt_no_matching_key', 'J-4');
    }
  });

  it('B-3: ignores an element of an unknown or missing type', () => {
    expectKey(jwkOf(other, 'k1'), other, true);
    for (const kty of ['OKP', 'oct', 'ec', 'AKP', undefined, 1, null]) expectKey(jwkOf(other, 'k1', { kty }), other, false);
    for (const element of [null, 1, 'x', [], {}, [jwkOf(other, 'k1')]]) expectKey(element, other, false);
  });

  it('B-4, B-5, J-17: a SPIFFE bundle document gives only keys whose use is jwt-svid', () => {
    expectKey(jwkOf(other, 'k1'), other, true);
    for (const use of [undefined, 'sig', 'JWT-SVID', 'x509-svid', 'wit-svid', '', null, 1, 'ignore', ['jwt-svid']]) {
      expectKey(jwkOf(other, 'k1', { use }), other, false);
    }
  });

  it('J-18: in a Workload API bundle a missing use counts as jwt-svid', () => {
    expectKey(jwkOf(other, 'k1'), other, true, workloadApi);
    expectKey(jwkOf(other, 'k1', { use: undefined }), other, true, workloadApi);
    for (const use of ['sig', 'x509-svid', 'wit-svid', 'JWT-SVID', '', null])
      expectKey(jwkOf(other, 'k1', { use }), other, false, workloadApi);
  });

  it('B-6: extra members do not matter', () => {
    const document = {
      spiffe_sequence: '1',
      spiffe_refresh_hint: {},
      x: [1e9],
      keys: [jwkOf(other, 'k1', { x5t: 1, ext: null, '': {} })],
    };
    const bundle = spiffeBundle(JSON.stringify(document));
    expect(verify(bundle, issue(other)).bundle).toBe(bundle);
    expect(spiffeBundle('{"keys":[],"n":1e400}').keyIds).toEqual([]);
  });

  it('B-17: refuses duplicate members anywhere', () => {
    const key = JSON.stringify(jwkOf(good, 'k1'));
    expect(spiffeBundle(`{"keys":[${key},${key.replace('"k1"', '"k2"')}]}`).keyIds).toEqual(['k1', 'k2']);
    for (const text of [
      `{"keys":[],"keys":[${key}]}`,
      `{"keys":[],"k\\u0065ys":[]}`,
      `{"keys":[${key.replace('}', ',"use":"jwt-svid"}')}]}`,
      '{"keys":[],"x":{"a":1,"a":1}}',
    ]) {
      expectRefusal(() => spiffeBundle(text), 'jwks_duplicate_member', 'B-17');
    }
  });

  it('B-18: 4 MiB and not a byte more', () => {
    const limit = 4 * 1024 * 1024;
    const padded = (bytes: number) => jwksOf().padEnd(bytes);
    expect(spiffeBundle(padded(limit)).keyIds).toEqual([]);
    expect(spiffeBundle(Buffer.from(padded(limit))).keyIds).toEqual([]);
    expectRefusal(() => spiffeBundle(padded(limit + 1)), 'jwks_too_large', 'B-18');
    expectRefusal(() => spiffeBundle(Buffer.from(padded(limit + 1))), 'jwks_too_large', 'B-18');
    expectRefusal(() => spiffeBundle(JSON.stringify({ keys: [], x: 'é'.repeat(limit / 2) })), 'jwks_too_large', 'B-18');
    expectRefusal(() => spiffeBundle(`{"keys":${'['.repeat(100_000)}`), 'jwks_too_deep', 'B-18');
  });

  describe('J-20: ignores a key that must not verify', () => {
    const x = Buffer.from(jwkOf(other, 'k1')['x'] as string, 'base64url');
    const y = Buffer.from(jwkOf(other, 'k1')['y'] as string, 'base64url');
    const offCurve = Buffer.from(x);
    offCurve[31] = (offCurve[31] ?? 0) ^ 1;
    const ecCases: readonly [string, Json][] = [
      ['private', { ...(other.privateKey.export({ format: 'jwk' }) as Json) }],
      ['private (member null)', { d: null }],
      ['symmetric', { kty: 'oct', k: 'AAAA' }],
      ['without kid', { kid: undefined }],
      ['empty kid', { kid: '' }],
      ['numeric kid', { kid: 1 }],
      ['a point off the curve', { x: offCurve.toString('base64url') }],
      ['x too short', { x: x.subarray(1).toString('base64url') }],
      ['x too long', { x: Buffer.concat([Buffer.alloc(1), x]).toString('base64url') }],
      ['x padded', { x: x.toString('base64') }],
      ['x missing', { x: undefined }],
      ['y too long', { y: Buffer.concat([Buffer.alloc(1), y]).toString('base64url') }],
      ['y padded', { y: y.toString('base64') }],
      ['y a number', { y: 1 }],
      ['another curve', { crv: 'P-384' }],
      ['an unknown curve', { crv: 'secp256k1' }],
      ['a curve by another name', { crv: 'prime256v1' }],
      ['alg of another family', { alg: 'RS256' }],
      ['alg of another curve', { alg: 'ES384' }],
      ['an unknown alg', { alg: 'none' }],
      ['alg not a string', { alg: 1 }],
      ['operations that do not verify', { key_ops: ['sign'] }],
      ['operations not a list', { key_ops: 'verify' }],
    ];
    it.each(ecCases)('EC: %s', (_name, changes) => {
      expectKey(jwkOf(other, 'k1', { alg: 'ES256', key_ops: ['verify'] }), other, true);
      expectKey(jwkOf(other, 'k1', changes), other, false);
    });

    const n = Buffer.from(jwkOf(rsa, 'k1')['n'] as string, 'base64url');
    const even = Buffer.from(n);
    even[255] = (even[255] ?? 0) & 0xfe;
    const rsaCases: readonly [string, Json][] = [
      ['1024 bit', jwkOf(rsa1024, 'k1')],
      ['2047 bit', { n: Buffer.concat([Buffer.from([0x7f]), n.subarray(1)]).toString('base64url') }],
      ['8193 bit', { n: Buffer.concat([Buffer.from([1]), Buffer.alloc(1023, 0xff), Buffer.from([1])]).toString('base64url') }],
      ['16384 bit', { n: Buffer.alloc(2048, 0xff).toString('base64url') }],
      ['an even modulus', { n: even.toString('base64url') }],
      ['a leading zero', { n: Buffer.concat([Buffer.alloc(1), n]).toString('base64url') }],
      ['an empty modulus', { n: '' }],
      ['e = 0', { e: 'AA' }],
      ['e = 1', { e: 'AQ' }],
      ['an even e', { e: 'AAAC' }],
      ['e = 2^32 + 1', { e: Buffer.from([1, 0, 0, 0, 1]).toString('base64url') }],
      ['no e', { e: undefined }],
      ['e padded', { e: 'AQAB=' }],
      ['e a number', { e: 65537 }],
      ['no n', { n: undefined }],
      ['n padded', { n: n.toString('base64') }],
      ['n a number', { n: 3 }],
      ['the type of another key', { kty: 'OKP' }],
      ['the type in lower case', { kty: 'rsa' }],
      ['no type', { kty: undefined }],
      ['private', { d: 'AQ' }],
      ...['p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].map((member): [string, Json] => [
        `private (${member} only)`,
        { [member]: 'AQ' },
      ]),
      ['alg of another family', { alg: 'ES256' }],
    ];
    it.each(rsaCases)('RSA: %s', (_name, changes) => {
      expectKey(jwkOf(rsa, 'k1'), rsa, true, spiffeBundle, 'RS256');
      expectKey(jwkOf(rsa, 'k1', changes), rsa, false, spiffeBundle, 'RS256');
    });

    it('RSA: 8192 bit, e = 3 and e = 2^32 - 1 are inside the limits', () => {
      expect(spiffeBundle(jwksOf(jwkOf(rsa, 'k1', { e: Buffer.alloc(4, 0xff).toString('base64url') }))).keyIds).toEqual(['k1']);
      expect(spiffeBundle(jwksOf(jwkOf(rsa, 'k1', { n: Buffer.alloc(1024, 0xff).toString('base64url') }))).keyIds).toEqual([
        'k1',
      ]);
      expectKey(jwkOf(rsaE3, 'k1'), rsaE3, true, spiffeBundle, 'PS256');
    });
  });

  it('J-21: neither of two keys with one kid is usable', () => {
    const third = ecPair();
    const twice = spiffeBundle(jwksOf(jwkOf(good, 'good'), jwkOf(other, 'k1'), jwkOf(third, 'k1')));
    expect(verify(twice, issue(good, { kid: 'good' })).bundle).toBe(twice);
    for (const pair of [other, third]) {
      expectRefusal(() => verify(twice, issue(pair)), 'jwt_key_ambiguous', 'J-21');
      expectRefusal(() => verify(twice, issue(pair, { kid: undefined })), 'jwt_no_matching_key', 'J-4');
    }
    const thrice = spiffeBundle(jwksOf(jwkOf(other, 'k1'), jwkOf(other, 'k1'), jwkOf(third, 'k1')));
    expectRefusal(() => verify(thrice, issue(third)), 'jwt_key_ambiguous', 'J-21');
  });

  it('throws nothing but SpiffeError, whatever the text', () => {
    const member = fc.constantFrom('kty', 'use', 'kid', 'crv', 'x', 'y', 'n', 'e', 'alg', 'd', 'key_ops', '__proto__');
    const value = fc.oneof(
      fc.constantFrom('EC', 'RSA', 'jwt-svid', 'P-256', 'AQAB', 'ES256', ...Object.values(jwkOf(good, 'k1'))),
      fc.jsonValue(),
    );
    const element = fc.dictionary(member, value).map((changes) => ({ ...jwkOf(good, 'k1'), ...changes }));
    const document = fc.oneof(fc.record({ keys: fc.array(fc.oneof(element, fc.jsonValue()), { maxLength: 3 }) }), fc.jsonValue());
    const text = fc.oneof(
      document.map((d) => JSON.stringify(d)),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.oneof(text, fc.uint8Array()), (jwks) => {
        try {
          expect(spiffeBundle(jwks).keyIds.length).toBeLessThanOrEqual(3);
        } catch (error) {
          if (!(error instanceof SpiffeError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});
