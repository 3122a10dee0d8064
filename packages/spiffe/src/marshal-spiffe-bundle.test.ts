import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJwtBundle } from './jwt-bundle.js';
import { marshalSpiffeBundle } from './marshal-spiffe-bundle.js';
import { createSpiffeBundle, parseSpiffeBundle } from './spiffe-bundle.js';
import { SpiffeError } from './spiffe-error.js';
import { base64, caJwk } from './test-support/ca-jwk.js';
import { expectRefusal } from './test-support/expect-refusal.js';
import { ecPair, jwkOf, jwksOf, rsaPair } from './test-support/jwt-issuer.js';
import { issueCa } from './test-support/test-issuer.js';
import { parseTrustDomain } from './trust-domain.js';
import { createX509Bundle } from './x509-bundle.js';

const td = parseTrustDomain('td');
const root = issueCa(undefined, 'root');
const second = issueCa(undefined, 'second');
const jwtKey = ecPair();
const GOOD = { keys: [caJwk(root), jwkOf(jwtKey, 'k1')], spiffe_sequence: 7, spiffe_refresh_hint: 300 };
const parse = (document: unknown) => parseSpiffeBundle(td, JSON.stringify(document));

describe('marshalSpiffeBundle', () => {
  const rsa = rsaPair();
  const p384 = ecPair('P-384');
  const authorities = [root.der, second.der, issueCa(undefined, 'rsa', { key: rsa }).der];

  it('X-20, J-19, B-8, B-9: writes what the standard asks of a publisher', () => {
    const marshalled = marshalSpiffeBundle(parse(GOOD));
    expect(JSON.parse(marshalled)).toEqual({
      keys: [
        { use: 'x509-svid', kty: 'EC', crv: 'P-256', x: expect.any(String), y: expect.any(String), x5c: [base64(root)] },
        { use: 'jwt-svid', kid: 'k1', kty: 'EC', crv: 'P-256', x: expect.any(String), y: expect.any(String) },
      ],
      spiffe_sequence: 7,
      spiffe_refresh_hint: 300,
    });
    expect(JSON.parse(marshalled).keys).toEqual(GOOD.keys);
    expect(marshalSpiffeBundle(createSpiffeBundle(td, {}))).toBe('{"keys":[]}');
    expect(marshalSpiffeBundle(createSpiffeBundle(td, { sequence: 2n ** 64n - 1n }))).toContain(':18446744073709551615}');
  });

  it('keeps the alg of a key; leaves out everything that was ignored (J-21)', () => {
    const jwk = jwkOf(rsa, 'r', { alg: 'PS256' });
    const twice = [jwkOf(ecPair(), 'twice'), jwkOf(ecPair(), 'twice')];
    const bundle = parse({ keys: [jwk, ...twice, caJwk(root, { x5c: [] }), { kty: 'x' }], other: 1 });
    expect(JSON.parse(marshalSpiffeBundle(bundle))).toEqual({ keys: [jwk] });
  });

  it('reads back as an equal bundle', () => {
    const jwks = [jwkOf(jwtKey, 'k1'), jwkOf(rsa, 'k "2"\u2028é', { alg: 'RS256' }), jwkOf(p384, '__proto__')];
    const content = fc.record({
      x509: fc.subarray(authorities),
      jwt: fc.subarray(jwks),
      sequence: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { nil: undefined }),
      refreshHint: fc.option(fc.nat(), { nil: undefined }),
    });
    fc.assert(
      fc.property(content, ({ x509, jwt, sequence, refreshHint }) => {
        const bundle = createSpiffeBundle(td, {
          x509Bundle: createX509Bundle(td, x509),
          jwtBundle: parseJwtBundle(td, jwksOf(...jwt), { keysWithoutUse: 'ignore' }),
          sequence,
          refreshHintMs: refreshHint === undefined ? undefined : refreshHint * 1000,
        });
        const text = marshalSpiffeBundle(bundle);
        const again = parseSpiffeBundle(td, text);
        expect(again.equals(bundle)).toBe(true);
        expect(marshalSpiffeBundle(again)).toBe(text);
      }),
      { numRuns: 50 },
    );
  });

  it('X-11: refuses to publish an authority whose key no SVID may be signed with', () => {
    const weak = issueCa(undefined, 'weak', { key: ecPair('secp256k1') });
    const bundle = parse({ keys: [caJwk(weak)] });
    expect(bundle.x509Bundle.authorities).toHaveLength(1);
    expectRefusal(() => marshalSpiffeBundle(bundle), 'certificate_key_unsupported', 'X-11');
  });

  it('B-18: refuses to publish what nobody would read', () => {
    const kid = 'x'.repeat(4 * 1024 * 1024 - 300);
    const bundle = (length: number) => parse({ keys: [jwkOf(jwtKey, kid.slice(0, length))] });
    expect(marshalSpiffeBundle(bundle(100))).toContain('xxx');
    const almost = parse({ keys: [jwkOf(jwtKey, kid)] });
    const full = createSpiffeBundle(td, {
      jwtBundle: almost.jwtBundle,
      x509Bundle: createX509Bundle(td, [root.der]),
    });
    expectRefusal(() => marshalSpiffeBundle(full), 'jwks_too_large', 'B-18');
  });
});

it('throws nothing but SpiffeError, whatever the document', () => {
  const member = fc.constantFrom('kty', 'use', 'kid', 'x5c', 'd', '__proto__');
  const value = fc.oneof(
    fc.constantFrom<unknown>('EC', 'OKP', 'x509-svid', 'jwt-svid'),
    fc.array(fc.oneof(fc.constantFrom(base64(root), base64(second)), fc.base64String(), fc.jsonValue()), { maxLength: 2 }),
    fc.jsonValue(),
  );
  const flipped = fc.tuple(fc.nat(root.der.length - 1), fc.nat(255)).map(([at, byte]) => {
    const der = Buffer.from(root.der);
    der[at] = byte;
    return caJwk(root, { x5c: [der.toString('base64')] });
  });
  const element = fc.dictionary(member, value).map((changes) => ({ ...caJwk(root), ...changes }));
  const number = fc.constantFrom('0', '1', '1.5', '18446744073709551616', '"1"', '-1', '1e999');
  const text = fc
    .tuple(fc.array(fc.oneof(element, flipped, fc.jsonValue()), { maxLength: 3 }), number, number)
    .map(
      ([keys, sequence, hint]) => `{"keys":${JSON.stringify(keys)},"spiffe_sequence":${sequence},"spiffe_refresh_hint":${hint}}`,
    );
  const plain = element.map((one) => JSON.stringify({ keys: [one] }));
  fc.assert(
    fc.property(fc.oneof(text, plain, fc.json(), fc.string(), fc.uint8Array()), (document) => {
      try {
        const bundle = parseSpiffeBundle(td, document);
        expect(parseSpiffeBundle(td, marshalSpiffeBundle(bundle)).equals(bundle)).toBe(true);
      } catch (error) {
        if (!(error instanceof SpiffeError)) throw error;
      }
    }),
    { numRuns: 200 },
  );
});
