import { describe, expect, it } from 'vitest';
import { type JwtBundle, parseJwtBundle } from './jwt-bundle.js';
import { createJwtSvidVerifier } from './jwt-svid-verifier.js';
import { expectRefusal } from './test-support/expect-refusal.js';
import { AUDIENCE, claimsFor, ecPair, issue, jwkOf, jwksOf, NOW, NOW_SECONDS } from './test-support/jwt-issuer.js';
import { parseTrustDomain } from './trust-domain.js';

const pair = ecPair();
const td = parseTrustDomain('td');
const parse = () => parseJwtBundle(td, jwksOf(jwkOf(pair, 'k1')), { keysWithoutUse: 'ignore' });
const tokenFor = (path: string) => issue(pair, { claims: claimsFor(`spiffe://td/${path}`) });

/** A verifier over one bundle that can be exchanged. */
function setUp(options: { readonly maxCachedTokens?: number; readonly leewayMs?: number } = {}) {
  const state: { bundle: JwtBundle | undefined } = { bundle: parse() };
  const verifier = createJwtSvidVerifier({
    bundles: { jwtBundle: () => state.bundle },
    audience: [AUDIENCE],
    leewayMs: 0,
    ...options,
  });
  return { state, verifier };
}

describe('createJwtSvidVerifier', () => {
  it('proves a token once', () => {
    const { verifier } = setUp();
    const token = tokenFor('a');
    const first = verifier.verify(token, NOW);
    expect(first.id.path).toBe('/a');
    expect(verifier.verify(token, NOW + 1000)).toBe(first);
  });

  it('J-12: a remembered token expires', () => {
    const { verifier } = setUp();
    const token = tokenFor('a');
    const { validUntil } = verifier.verify(token, NOW);
    expect(verifier.verify(token, validUntil - 1).validUntil).toBe(validUntil);
    expectRefusal(() => verifier.verify(token, validUntil), 'jwt_expired', 'J-12');
  });

  it('TX-7: a token that was seen expired stays so when the clock jumps back', () => {
    const { verifier } = setUp();
    const token = tokenFor('a');
    const { validUntil } = verifier.verify(token, NOW);
    expectRefusal(() => verifier.verify(token, validUntil), 'jwt_expired', 'J-12');
    expectRefusal(() => verifier.verify(token, NOW), 'jwt_expired', 'J-12');
    expect(verifier.verify(tokenFor('b'), NOW).id.path).toBe('/b');
  });

  it('TX-7: nor does another signature of the same token revive it, nor an exchanged bundle', () => {
    const { state, verifier } = setUp();
    const [token, twin] = [tokenFor('a'), tokenFor('a')];
    expect(twin.split('.').slice(0, 2)).toEqual(token.split('.').slice(0, 2));
    expect(twin).not.toBe(token);
    const first = verifier.verify(token, NOW);
    expect(verifier.verify(twin, NOW)).not.toBe(first);
    expectRefusal(() => verifier.verify(token, first.validUntil), 'jwt_expired', 'J-12');
    expectRefusal(() => verifier.verify(twin, NOW), 'jwt_expired', 'J-12');
    state.bundle = parse();
    expect(verifier.verify(tokenFor('b'), NOW).id.path).toBe('/b');
    expectRefusal(() => verifier.verify(token, NOW), 'jwt_expired', 'J-12');
  });

  it('does not keep what holds more than 256 values, but knows when it has expired', () => {
    const { verifier } = setUp();
    const countOf = (value: unknown): number =>
      typeof value === 'object' && value !== null
        ? Object.values(value).reduce<number>((count, one) => count + 1 + countOf(one), 0)
        : 0;
    const withValues = (count: number) => {
      const claims = (list: readonly unknown[]) => claimsFor(undefined, { x: [list] });
      const values = claims(Array.from({ length: count - countOf(claims([])) }, () => null));
      expect(countOf(values)).toBe(count);
      return issue(pair, { claims: values });
    };
    const [small, large] = [withValues(256), withValues(257)];
    expect(verifier.verify(small, NOW)).toBe(verifier.verify(small, NOW));
    const first = verifier.verify(large, NOW);
    expect(verifier.verify(large, NOW)).not.toBe(first);
    expectRefusal(() => verifier.verify(large, first.validUntil), 'jwt_expired', 'J-12');
    expectRefusal(() => verifier.verify(large, NOW), 'jwt_expired', 'J-12');
  });

  it.each([Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])(
    'a clock of %s proves nothing, remembered or not',
    (now) => {
      const { verifier } = setUp();
      const token = tokenFor('a');
      expectRefusal(() => verifier.verify(token, now), 'clock_invalid', 'J-12');
      const first = verifier.verify(token, NOW);
      expectRefusal(() => verifier.verify(token, now), 'clock_invalid', 'J-12');
      expect(verifier.verify(token, NOW)).toBe(first);
    },
  );

  it('J-13: a remembered token is not valid at an earlier time than it says', () => {
    const { verifier } = setUp();
    const token = issue(pair, { claims: claimsFor(undefined, { nbf: NOW_SECONDS }) });
    const first = verifier.verify(token, NOW);
    expect(first.id.path).toBe('/client');
    expect(verifier.verify(token, NOW)).toBe(first);
    expectRefusal(() => verifier.verify(token, NOW - 1), 'jwt_not_yet_valid', 'J-13');
  });

  it('J-15, TJ-10: a remembered token falls with the bundle', () => {
    const { state, verifier } = setUp();
    const token = tokenFor('a');
    const first = verifier.verify(token, NOW);
    state.bundle = parse();
    const second = verifier.verify(token, NOW);
    expect(second).not.toBe(first);
    expect(second.bundle).toBe(state.bundle);
    state.bundle = undefined;
    expectRefusal(() => verifier.verify(token, NOW), 'jwt_untrusted_domain', 'J-15');
    state.bundle = parseJwtBundle(td, jwksOf(jwkOf(ecPair(), 'k1')), { keysWithoutUse: 'ignore' });
    expectRefusal(() => verifier.verify(token, NOW), 'jwt_signature', 'J-15');
    state.bundle = first.bundle;
    expect(verifier.verify(token, NOW).bundle).toBe(first.bundle);
  });

  it('does not take one token for another', () => {
    const { verifier } = setUp();
    const token = tokenFor('a');
    expect(verifier.verify(token, NOW).id.path).toBe('/a');
    const forged = token.replace(token.split('.')[1] as string, tokenFor('admin').split('.')[1] as string);
    expectRefusal(() => verifier.verify(forged, NOW), 'jwt_signature', 'J-15');
    expectRefusal(() => verifier.verify(`${token}=`, NOW), 'jwt_encoding', 'J-27');
  });

  it('refuses again what it refused before', () => {
    const { verifier } = setUp();
    const token = issue(ecPair());
    for (let i = 0; i < 2; i++) expectRefusal(() => verifier.verify(token, NOW), 'jwt_signature', 'J-15');
  });

  it('forgets the least recently used first', () => {
    const { verifier } = setUp({ maxCachedTokens: 2 });
    const [a, b, c] = [tokenFor('a'), tokenFor('b'), tokenFor('c')];
    const firstA = verifier.verify(a, NOW);
    const firstB = verifier.verify(b, NOW);
    expect(verifier.verify(a, NOW)).toBe(firstA);
    verifier.verify(c, NOW);
    expect(verifier.verify(a, NOW)).toBe(firstA);
    expect(verifier.verify(b, NOW)).not.toBe(firstB);
  });

  it('remembers nothing when told so', () => {
    const { verifier } = setUp({ maxCachedTokens: 0 });
    const token = tokenFor('a');
    expect(verifier.verify(token, NOW)).not.toBe(verifier.verify(token, NOW));
  });

  it('remembers the longest token that there can be', () => {
    const { verifier } = setUp();
    const sizes = Array.from({ length: 100 }, (_, i) => claimsFor(undefined, { pad: 'x'.repeat(5860 + i) })).flatMap((claims) => [
      issue(pair, { claims }),
      issue(pair, { claims, kid: undefined }),
    ]);
    const longest = sizes.find((token) => token.length === 8192) ?? '';
    expect(verifier.verify(longest, NOW)).toBe(verifier.verify(longest, NOW));
  });

  it('refuses odd input without hashing it', () => {
    const { verifier } = setUp();
    expectRefusal(() => verifier.verify('x'.repeat(8193), NOW), 'jwt_too_large', 'J-26');
    expectRefusal(() => verifier.verify(undefined as unknown as string, NOW), 'jwt_malformed', 'J-1');
    expectRefusal(() => verifier.verify({ length: 1 } as unknown as string, NOW), 'jwt_malformed', 'J-1');
    const token = tokenFor('a');
    verifier.verify(token, NOW);
    expectRefusal(() => verifier.verify(token, Number.NaN), 'clock_invalid', 'J-12');
  });

  it('checks its options when it is made, and copies them', () => {
    const audience = [AUDIENCE];
    const state = { jwtBundle: () => parse() };
    const verifier = createJwtSvidVerifier({ bundles: state, audience });
    audience[0] = 'changed';
    expect(verifier.verify(tokenFor('a'), NOW).id.path).toBe('/a');
    expectRefusal(() => createJwtSvidVerifier({ bundles: state, audience: [] }), 'expected_audience', 'J-11');
    expectRefusal(() => setUp({ leewayMs: 60_001 }), 'leeway_out_of_range', 'J-12');
    for (const maxCachedTokens of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => setUp({ maxCachedTokens })).toThrow(RangeError);
    }
  });
});
