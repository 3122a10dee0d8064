import { describe, expect, it } from 'vitest';
import { parseUnverifiedJwtSvid } from './parse-unverified-jwt-svid.js';
import { SpiffeError } from './spiffe-error.js';
import { expectRefusal } from './test-support/expect-refusal.js';
import { AUDIENCE, claimsFor, issue, NOW, NOW_SECONDS, signParts } from './test-support/jwt-issuer.js';
import {
  bOnly,
  bundles,
  expectAccepted,
  options,
  p256,
  refused,
  refusedClaim,
  tdBundle,
  verify,
} from './test-support/jwt-verification.js';
import { verifyJwtSvid } from './verify-jwt-svid.js';

describe('verifyJwtSvid: claims', () => {
  it('returns what the token proves', () => {
    const exp = NOW_SECONDS + 300;
    const claims = { ...claimsFor(), role: { list: [1, { deep: true }] }, __proto__: undefined };
    const text = JSON.stringify(claims).replace('}', ',"x":1}').replace('"role"', '"__proto__":{"admin":true},"role"');
    const svid = verifyJwtSvid(signParts('{"alg":"ES256","kid":"k1"}', text, 'ES256', p256.privateKey), bundles, {
      audience: ['x', AUDIENCE],
      now: NOW,
    });
    expect(svid.id.toString()).toBe('spiffe://td/client');
    expect(svid.audience).toEqual([AUDIENCE]);
    expect(svid.expiresAt).toBe(exp * 1000);
    expect(svid.validUntil).toBe(exp * 1000 + 5000);
    expect(svid.bundle).toBe(tdBundle);
    expect(svid.claims).toMatchObject({ sub: 'spiffe://td/client', aud: [AUDIENCE], exp, iat: NOW_SECONDS });
    expect(svid.claims['admin']).toBeUndefined();
    const seen: unknown[] = [svid, svid.audience];
    const walk = (value: unknown) => {
      if (typeof value !== 'object' || value === null) return;
      seen.push(value);
      if (!Array.isArray(value)) expect(Object.getPrototypeOf(value)).toBeNull();
      Object.values(value).forEach(walk);
    };
    walk(svid.claims);
    expect(seen.length).toBeGreaterThan(6);
    expect(seen.every(Object.isFrozen)).toBe(true);
  });

  it.each([
    undefined,
    null,
    1,
    {},
    ['spiffe://td/client'],
    '',
    'spiffe://td',
    'spiffe://td/',
    'spiffe://TD/a',
    'https://td/a',
    'spiffe://td/a\n',
    'client',
  ])('J-8: refuses sub %j', (sub) => {
    refusedClaim({ sub }, 'jwt_subject', 'J-8');
  });

  it('J-8: says why sub is no SPIFFE ID', () => {
    const { cause } = refused(issue(p256, { claims: claimsFor('spiffe://TD/a') }), 'jwt_subject', 'J-8');
    expect(cause).toBeInstanceOf(SpiffeError);
  });

  it('J-9: aud is a string or an array of strings', () => {
    for (const aud of [AUDIENCE, [AUDIENCE]]) {
      const svid = verify(issue(p256, { claims: claimsFor(undefined, { aud }) }));
      expect(svid.audience).toEqual([AUDIENCE]);
      expect(Object.isFrozen(svid.audience)).toBe(true);
    }
    for (const aud of [undefined, null, [], [1], {}, 1, [AUDIENCE, 1], [[AUDIENCE]], [null], { 0: AUDIENCE, length: 1 }]) {
      refusedClaim({ aud }, 'jwt_audience', 'J-9');
    }
  });

  it('J-10: at least one value of aud is ours, exactly', () => {
    expectAccepted(issue(p256, { claims: claimsFor(undefined, { aud: ['x', AUDIENCE] }) }));
    for (const aud of [
      'spiffe://td/serve',
      `${AUDIENCE}/`,
      `${AUDIENCE}x`,
      AUDIENCE.toUpperCase(),
      '',
      ['x', 'y'],
      [''],
      ` ${AUDIENCE}`,
      `${AUDIENCE},x`,
    ]) {
      refusedClaim({ aud }, 'jwt_audience_mismatch', 'J-10');
    }
    expect(verify(issue(p256), { audience: ['other', AUDIENCE] }).id.path).toBe('/client');
  });

  it('J-11: an audience must be expected', () => {
    for (const audience of [[], [''], [AUDIENCE, ''], undefined, null, AUDIENCE, [1], {}]) {
      expectRefusal(() => verify(issue(p256), { audience: audience as string[] }), 'expected_audience', 'J-11');
    }
  });

  it('J-12: exp is present and not past', () => {
    const at = (exp: unknown) => issue(p256, { claims: claimsFor(undefined, { exp }) });
    expectAccepted(at(NOW_SECONDS + 1));
    expectAccepted(at(NOW_SECONDS + 0.5));
    refused(at(undefined), 'jwt_expiry_missing', 'J-12');
    refused(at(NOW_SECONDS), 'jwt_expired', 'J-12');
    refused(at(NOW_SECONDS - 1), 'jwt_expired', 'J-12');
    refused(at(0), 'jwt_expired', 'J-12');
    expect(verify(at(NOW_SECONDS - 59), { leewayMs: 60_000 }).validUntil).toBe(NOW + 1000);
    expectRefusal(() => verify(at(NOW_SECONDS - 60), { leewayMs: 60_000 }), 'jwt_expired', 'J-12');
    const { leewayMs: _, ...defaults } = options;
    expect(verifyJwtSvid(at(NOW_SECONDS - 4), bundles, defaults).validUntil).toBe(NOW + 1000);
    expectRefusal(() => verifyJwtSvid(at(NOW_SECONDS - 5), bundles, defaults), 'jwt_expired', 'J-12');
  });

  it('J-12: the leeway is 0 to 60 s, and the clock a number', () => {
    for (const leewayMs of [-1, 60_001, Number.NaN, Number.POSITIVE_INFINITY, '5000', null]) {
      expectRefusal(() => verify(issue(p256), { leewayMs: leewayMs as number }), 'leeway_out_of_range', 'J-12');
    }
    for (const now of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, undefined, '1795330350000']) {
      expectRefusal(() => verify(issue(p256), { now: now as number }), 'clock_invalid', 'J-12');
    }
  });

  it('J-13: nbf is honoured, a future iat is no fault', () => {
    const at = (nbf: unknown) => issue(p256, { claims: claimsFor(undefined, { nbf }) });
    expectAccepted(at(NOW_SECONDS));
    expectAccepted(issue(p256, { claims: claimsFor(undefined, { iat: NOW_SECONDS + 1000 }) }));
    refused(at(NOW_SECONDS + 1), 'jwt_not_yet_valid', 'J-13');
    expect(verify(at(NOW_SECONDS + 60), { leewayMs: 60_000 }).id.path).toBe('/client');
    expectRefusal(() => verify(at(NOW_SECONDS + 61), { leewayMs: 60_000 }), 'jwt_not_yet_valid', 'J-13');
  });

  it.each(['exp', 'nbf', 'iat'])('J-14: %s is a finite, non-negative number', (claim) => {
    const text = (value: string) =>
      signParts(
        '{"alg":"ES256","kid":"k1"}',
        `{"sub":"spiffe://td/a","aud":"${AUDIENCE}"${claim === 'exp' ? '' : `,"exp":${NOW_SECONDS + 9}`},"${claim}":${value}}`,
        'ES256',
        p256.privateKey,
      );
    expectAccepted(text(claim === 'exp' ? String(NOW_SECONDS + 1) : String(NOW_SECONDS)));
    expectAccepted(text(claim === 'nbf' ? '0' : '8640000000000'));
    for (const value of [`"${NOW_SECONDS}"`, '-1', '8640000000001', '1e400', '1e300', 'null', 'true', '[1]', '{}'])
      refused(text(value), 'jwt_numeric_date', 'J-14');
    refused(text('NaN'), 'jwt_encoding', 'J-27');
  });

  it("J-15: the key comes from the bundle of sub's trust domain", () => {
    expectAccepted(issue(bOnly, { claims: claimsFor('spiffe://b/x') }));
    refused(issue(bOnly, { claims: claimsFor('spiffe://td/x') }), 'jwt_signature', 'J-15');
    refused(issue(bOnly, { kid: undefined, claims: claimsFor('spiffe://td/x') }), 'jwt_no_matching_key', 'J-4');
    refused(issue(p256, { claims: claimsFor('spiffe://b/x') }), 'jwt_signature', 'J-15');
    refused(issue(p256, { claims: claimsFor('spiffe://unknown/x') }), 'jwt_untrusted_domain', 'J-15');
  });

  it("J-15: a source that answers with another domain's bundle is not believed", () => {
    const confused = { jwtBundle: () => tdBundle };
    expect(verifyJwtSvid(issue(p256), confused, options).bundle).toBe(tdBundle);
    const token = issue(p256, { claims: claimsFor('spiffe://b/x') });
    expectRefusal(() => verifyJwtSvid(token, confused, options), 'jwt_untrusted_domain', 'J-15');
  });

  it('ID-15: a trust domain may be called constructor', () => {
    expectAccepted(issue(bOnly, { claims: claimsFor('spiffe://constructor/x') }));
    refused(issue(bOnly, { claims: claimsFor('spiffe://__proto__/x') }), 'jwt_untrusted_domain', 'J-15');
  });

  it('J-26: bounds aud and depth', () => {
    const aud = (count: number) =>
      issue(p256, { claims: claimsFor(undefined, { aud: [...Array(count - 1).fill('x'), AUDIENCE] }) });
    expectAccepted(aud(32));
    refused(aud(33), 'jwt_too_many_audiences', 'J-26');
    const nested = (depth: number) =>
      signParts(
        '{"alg":"ES256","kid":"k1"}',
        JSON.stringify(claimsFor()).replace('{', `{"x":${'['.repeat(depth)}${']'.repeat(depth)},`),
        'ES256',
        p256.privateKey,
      );
    expectAccepted(nested(31));
    refused(nested(32), 'jwt_too_deep', 'J-26');
    refused(nested(2500), 'jwt_too_deep', 'J-26');
  });

  it('names nothing of the token in its messages', () => {
    const canary = 'canary';
    const tokens = [
      issue(p256, { header: { alg: canary } }),
      issue(p256, { header: { [canary]: 1 } }),
      issue(p256, { header: { typ: canary } }),
      issue(p256, { kid: canary }),
      issue(p256, { claims: claimsFor(canary) }),
      issue(p256, { claims: claimsFor(`spiffe://${canary}/a`) }),
      issue(p256, { claims: claimsFor(undefined, { aud: canary }) }),
      issue(p256, { claims: claimsFor(undefined, { exp: canary }) }),
      `${canary}.${canary}.${canary}`,
    ];
    for (const token of tokens) {
      expect(() => verify(token)).toThrow();
      try {
        verify(token);
      } catch (error) {
        const { message, cause } = error as Error;
        expect(message + String(cause)).not.toContain(canary);
      }
    }
  });
});

describe('parseUnverifiedJwtSvid', () => {
  it('reads what the token says, unproven', () => {
    const svid = parseUnverifiedJwtSvid(issue(bOnly, { claims: claimsFor('spiffe://td/a', { exp: 10 }) }));
    expect(svid.id.toString()).toBe('spiffe://td/a');
    expect(svid).toMatchObject({ audience: [AUDIENCE], expiresAt: 10_000, issuedAt: NOW });
    expect('issuedAt' in parseUnverifiedJwtSvid(issue(p256, { claims: claimsFor(undefined, { iat: undefined }) }))).toBe(false);
  });

  it('is as strict about the form as the verifier', () => {
    expectRefusal(() => parseUnverifiedJwtSvid('a.b'), 'jwt_malformed', 'J-1');
    expectRefusal(() => parseUnverifiedJwtSvid(issue(p256, { claims: claimsFor('spiffe://td') })), 'jwt_subject', 'J-8');
    expectRefusal(() => parseUnverifiedJwtSvid(issue(p256, { header: { crit: ['b64'] } })), 'jwt_header_member', 'J-3');
  });
});
