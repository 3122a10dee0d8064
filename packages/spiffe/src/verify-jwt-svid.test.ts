import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { createBundleSet } from './bundle-set.js';
import type { SpiffeErrorCode } from './error-codes.js';
import { parseJwtBundle } from './jwt-bundle.js';
import { parseUnverifiedJwtSvid } from './parse-unverified-jwt-svid.js';
import { expectRefusal } from './test-support/expect-refusal.js';
import {
  type Alg,
  AUDIENCE,
  base64url,
  claimsFor,
  ecPair,
  issue,
  type Json,
  jwkOf,
  jwksOf,
  type KeyPair,
  NOW,
  NOW_SECONDS,
  rsaPair,
  signParts,
  signText,
} from './test-support/jwt-issuer.js';
import { parseTrustDomain } from './trust-domain.js';
import { verifyJwtSvid } from './verify-jwt-svid.js';

const p256 = ecPair('P-256');
const p384 = ecPair('P-384');
const p521 = ecPair('P-521');
const rsa = rsaPair();
const rsaOnly = rsaPair();
const bOnly = ecPair();

const bundleOf = (name: string, ...keys: readonly Json[]) =>
  parseJwtBundle(parseTrustDomain(name), jwksOf(...keys), { keysWithoutUse: 'ignore' });
const tdBundle = bundleOf(
  'td',
  jwkOf(p256, 'k1'),
  jwkOf(p384, 'k384'),
  jwkOf(p521, 'k521'),
  jwkOf(rsa, 'rsa'),
  jwkOf(rsaOnly, 'rs512', { alg: 'RS512' }),
);
const bundles = createBundleSet({
  jwt: [tdBundle, bundleOf('b', jwkOf(bOnly, 'k1')), bundleOf('constructor', jwkOf(bOnly, 'k1'))],
});
const options = { audience: [AUDIENCE], now: NOW, leewayMs: 0 };

const verify = (token: string, changes: Partial<typeof options> = {}) =>
  verifyJwtSvid(token, bundles, { ...options, ...changes });
const refused = (token: string, code: SpiffeErrorCode, rule: string) => expectRefusal(() => verify(token), code, rule);

function expectAccepted(token: string): void {
  expect(verify(token).id.trustDomain.name).toMatch(/^(td|b|constructor)$/);
}

/** One change of the header makes the difference. */
function refusedHeader(header: Json, code: SpiffeErrorCode, rule: string): void {
  expectAccepted(issue(p256));
  refused(issue(p256, { header }), code, rule);
}

function refusedClaim(change: Json, code: SpiffeErrorCode, rule: string): void {
  expectAccepted(issue(p256));
  refused(issue(p256, { claims: claimsFor(undefined, change) }), code, rule);
}

describe('verifyJwtSvid', () => {
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

  it('J-1: JWS Compact only', () => {
    const token = issue(p256);
    const [h, p, s] = token.split('.') as [string, string, string];
    expectAccepted(token);
    const json = JSON.stringify({ payload: p, protected: h, signature: s });
    for (const text of [
      '',
      '.',
      '..',
      '...',
      h,
      `${h}.${p}`,
      `${h}.${p}.`,
      `.${p}.${s}`,
      `${h}..${s}`,
      `${token}.`,
      `${token}.${s}`,
      `${token}.${s}.${s}`,
      `.${token}`,
      json,
    ]) {
      refused(text, 'jwt_malformed', 'J-1');
    }
    for (const value of [undefined, null, 1, {}, [token]]) refused(value as string, 'jwt_malformed', 'J-1');
    for (const part of ['[]', '1', 'null', '"x"']) {
      refused(signParts(part, JSON.stringify(claimsFor()), 'ES256', p256.privateKey), 'jwt_malformed', 'J-1');
      refused(signParts('{"alg":"ES256","kid":"k1"}', part, 'ES256', p256.privateKey), 'jwt_malformed', 'J-1');
    }
  });

  const NINE: readonly [Alg, KeyPair, string][] = [
    ['RS256', rsa, 'rsa'],
    ['RS384', rsa, 'rsa'],
    ['RS512', rsaOnly, 'rs512'],
    ['PS256', rsa, 'rsa'],
    ['PS384', rsa, 'rsa'],
    ['PS512', rsa, 'rsa'],
    ['ES256', p256, 'k1'],
    ['ES384', p384, 'k384'],
    ['ES512', p521, 'k521'],
  ];

  it.each(NINE)('J-2: accepts %s as jose issues it, and no other signature', async (alg, pair, kid) => {
    const token = await new SignJWT(claimsFor()).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(pair.privateKey);
    expectAccepted(token);
    expectAccepted(issue(pair, { alg, kid }));
    expectAccepted(issue(pair, { alg, kid: undefined, header: { typ: undefined } }));
    const cut = token.lastIndexOf('.') + 1;
    const signature = Buffer.from(token.slice(cut), 'base64url');
    const flipped = Buffer.from(signature);
    flipped[5] = (flipped[5] ?? 0) ^ 1;
    const zero = Buffer.alloc(signature.length);
    const shorter = signature.subarray(1);
    const longer = Buffer.concat([Buffer.alloc(1), signature]);
    for (const bytes of [flipped, zero, shorter, longer])
      refused(token.slice(0, cut) + base64url(bytes), 'jwt_signature', 'J-15');
    const claims = token.split('.')[1] as string;
    refused(token.replace(claims, base64url(JSON.stringify(claimsFor('spiffe://td/admin')))), 'jwt_signature', 'J-15');
  });

  it('J-2: refuses an ES signature in DER', () => {
    const text = issue(p256).split('.').slice(0, 2).join('.');
    expectAccepted(signText(text, 'ES256', p256.privateKey));
    refused(`${text}.${base64url(sign('sha256', Buffer.from(text), p256.privateKey))}`, 'jwt_signature', 'J-15');
  });

  it('J-2: refuses a PSS salt of another length', () => {
    const text = issue(rsa, { alg: 'PS256', kid: 'rsa' }).split('.').slice(0, 2).join('.');
    const salted = (saltLength: number) =>
      `${text}.${base64url(sign('sha256', Buffer.from(text), { key: rsa.privateKey, padding: 6, saltLength }))}`;
    expectAccepted(salted(32));
    for (const length of [0, 20, 31, 33, 64]) refused(salted(length), 'jwt_signature', 'J-15');
  });

  it.each([
    'none',
    'None',
    'NONE',
    'HS256',
    'HS512',
    'EdDSA',
    'Ed25519',
    'ES256K',
    'es256',
    'RSA-OAEP',
    '',
    null,
    1,
    ['ES256'],
    undefined,
    'constructor',
    '__proto__',
  ])('J-2: refuses alg %j', (alg) => {
    refusedHeader({ alg }, 'jwt_algorithm', 'J-2');
  });

  it('J-2, TJ-1: refuses unsigned tokens and tokens signed with the public key as a secret', () => {
    const payload = base64url(JSON.stringify(claimsFor()));
    const hmac = (secret: string) => {
      const text = `${base64url('{"alg":"HS256","kid":"k1"}')}.${payload}`;
      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    };
    const pem = createPublicKey(p256.privateKey).export({ format: 'pem', type: 'spki' }).toString();
    // CVE-2026-34950 (PEM with leading white space), CVE-2026-48526 (the JWK as the secret)
    for (const secret of [pem, `\n ${pem}`, JSON.stringify(jwkOf(p256, 'k1'))]) refused(hmac(secret), 'jwt_algorithm', 'J-2');
    refused(`${base64url('{"alg":"none"}')}.${payload}.`, 'jwt_malformed', 'J-1');
    refused(`${base64url('{"alg":"none"}')}.${payload}.AA`, 'jwt_algorithm', 'J-2');
    const ed = generateKeyPairSync('ed25519');
    const text = `${base64url('{"alg":"EdDSA","kid":"k1"}')}.${payload}`;
    refused(`${text}.${base64url(sign(null, Buffer.from(text), ed.privateKey))}`, 'jwt_algorithm', 'J-2');
  });

  it.each(['crit', 'jwk', 'jku', 'x5u', 'x5c', 'x5t', 'b64', 'cty', 'enc', 'zip', 'Kid', 'private', '', '__proto__'])(
    'J-3: refuses the header member %j',
    (member) => {
      expectAccepted(issue(p256));
      const value = member === 'crit' ? '["b64"]' : member === 'b64' ? 'false' : '{}';
      const header = `{"alg":"ES256","kid":"k1","typ":"JWT",${JSON.stringify(member)}:${value}}`;
      refused(signParts(header, JSON.stringify(claimsFor()), 'ES256', p256.privateKey), 'jwt_header_member', 'J-3');
    },
  );

  it('J-4: without kid, tries at most 8 keys that fit', () => {
    const pairs = Array.from({ length: 9 }, () => ecPair());
    const keys = pairs.flatMap((pair, i) => [jwkOf(pair, `e${i}`), jwkOf(p384, `o${i}`)]);
    const many = createBundleSet({ jwt: [bundleOf('td', ...keys, jwkOf(ecPair(), 'dup'), jwkOf(ecPair(), 'dup'))] });
    const attempt = (pair: KeyPair, kid?: string) => () => verifyJwtSvid(issue(pair, { kid }), many, options);
    expect(attempt(pairs[0] as KeyPair)().id.path).toBe('/client');
    expect(attempt(pairs[7] as KeyPair)().id.path).toBe('/client');
    expectRefusal(attempt(pairs[8] as KeyPair), 'jwt_no_matching_key', 'J-4');
    expect(attempt(pairs[8] as KeyPair, 'e8')().id.path).toBe('/client');
    expectRefusal(attempt(ecPair()), 'jwt_no_matching_key', 'J-4');
  });

  it('J-5: typ is JWT or JOSE', () => {
    for (const typ of ['JWT', 'JOSE', undefined]) expectAccepted(issue(p256, { header: { typ } }));
    for (const typ of ['wit+jwt', 'at+jwt', 'jwt', 'Jose', '', 1, null, ['JWT']]) refusedHeader({ typ }, 'jwt_type', 'J-5');
  });

  it('J-6: kid names exactly one key, with no trial of the others', () => {
    for (const kid of ['unknown', '../k1', "' OR 1=1", 'K1', 'k1 ', 'constructor', '__proto__'])
      refusedHeader({ kid }, 'jwt_key_unknown', 'J-6');
    for (const kid of ['', 1, null, ['k1'], {}]) refusedHeader({ kid }, 'jwt_key_id', 'J-6');
    refused(issue(p256, { header: { kid: 'k'.repeat(1_000_000) } }), 'jwt_too_large', 'J-26');
    const foreign = issue(bOnly, { claims: claimsFor('spiffe://b/x') });
    expectAccepted(foreign);
  });

  it('J-7: the key fits the algorithm', () => {
    const cases: readonly [Alg, KeyPair, string][] = [
      ['RS256', rsa, 'k1'],
      ['ES384', p384, 'k1'],
      ['ES256', p256, 'k384'],
      ['ES256', p256, 'rsa'],
      ['RS256', rsaOnly, 'rs512'],
      ['PS512', rsaOnly, 'rs512'],
    ];
    expectAccepted(issue(rsaOnly, { alg: 'RS512', kid: 'rs512' }));
    for (const [alg, pair, kid] of cases) refused(issue(pair, { alg, kid }), 'jwt_key_mismatch', 'J-7');
    // Signed on the right curve, under an algorithm of another one.
    const header = JSON.stringify({ alg: 'ES384', kid: 'k1' });
    refused(signParts(header, JSON.stringify(claimsFor()), 'ES256', p256.privateKey), 'jwt_key_mismatch', 'J-7');
    refused(issue(rsaOnly, { alg: 'RS256', kid: undefined }), 'jwt_no_matching_key', 'J-4');
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
    for (const value of [`"${NOW_SECONDS}"`, '-1', '1e400', '1e300', 'null', 'true', '[1]', '{}'])
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

  it('J-26: bounds the size of the token', () => {
    const padded = (length: number) => {
      for (let pad = 5800; ; pad++) {
        for (const kid of ['k1', undefined]) {
          const token = issue(p256, { kid, claims: claimsFor(undefined, { pad: 'x'.repeat(pad) }) });
          if (token.length === length) return token;
          if (token.length > length + 100) throw new Error('unreachable length');
        }
      }
    };
    expectAccepted(padded(8192));
    refused(padded(8193), 'jwt_too_large', 'J-26');
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

  it('J-27: base64url is canonical in each part', () => {
    const token = issue(p256);
    const parts = token.split('.') as [string, string, string];
    expectAccepted(token);
    for (const index of [0, 1, 2]) {
      for (const change of [
        (s: string) => `${s}=`,
        (s: string) => `${s}==`,
        (s: string) => `${s}\n`,
        (s: string) => ` ${s}`,
        (s: string) => `${s.slice(0, 4)}+${s.slice(5)}`,
        (s: string) => `${s}é`,
      ]) {
        refused(parts.map((part, i) => (i === index ? change(part) : part)).join('.'), 'jwt_encoding', 'J-27');
      }
    }
    // 64 bytes end in a character with four spare bits.
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.indexOf(token.at(-1) as string);
    const spare = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[last + 1] as string;
    refused(token.slice(0, -1) + spare, 'jwt_encoding', 'J-27');
  });

  it('J-27: JSON is strict', () => {
    const header = '{"alg":"ES256","kid":"k1"}';
    const claims = JSON.stringify(claimsFor());
    const make = (h: string | Buffer, p: string | Buffer) => signParts(h as string, p as string, 'ES256', p256.privateKey);
    expectAccepted(make(header, claims));
    const twice = claims.replace('}', ',"sub":"spiffe://td/admin"}');
    const escaped = claims.replace('}', ',"s\\u0075b":"spiffe://td/admin"}');
    for (const text of [twice, escaped, claims.replace('}', ',"x":{"a":1,"a":2}}')])
      refused(make(header, text), 'jwt_duplicate_member', 'J-27');
    refused(make('{"alg":"ES256","kid":"k1","alg":"ES256"}', claims), 'jwt_duplicate_member', 'J-27');
    for (const text of [
      `\ufeff${claims}`,
      `${claims}x`,
      claims.slice(0, -1),
      Buffer.from(claims.replace('}', ',"x":"\xff"}'), 'latin1'),
      claims.replace('}', ',"x":1e400}'),
      claims.replace('}', ',"x":"\\ud800"}'),
    ]) {
      refused(make(header, text), 'jwt_encoding', 'J-27');
    }
    refused(make(`\ufeff${header}`, claims), 'jwt_encoding', 'J-27');
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
