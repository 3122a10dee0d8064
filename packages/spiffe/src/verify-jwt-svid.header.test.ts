import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { createBundleSet } from './bundle-set.js';
import { expectRefusal } from './test-support/expect-refusal.js';
import {
  type Alg,
  base64url,
  claimsFor,
  ecPair,
  issue,
  jwkOf,
  type KeyPair,
  signParts,
  signText,
} from './test-support/jwt-issuer.js';
import {
  bOnly,
  bundleOf,
  expectAccepted,
  options,
  p256,
  p384,
  p521,
  refused,
  refusedHeader,
  rsa,
  rsaOnly,
} from './test-support/jwt-verification.js';
import { verifyJwtSvid } from './verify-jwt-svid.js';

describe('verifyJwtSvid: form, header and signature', () => {
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
});
