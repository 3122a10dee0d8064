import type { KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { type JWTPayload, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { createBundleSet } from './bundle-set.js';
import type { SpiffeErrorCode } from './error-codes.js';
import { parseJwtBundle } from './jwt-bundle.js';
import { SpiffeError } from './spiffe-error.js';
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
  NOW,
  NOW_SECONDS,
  rsaPair,
  signParts,
  signText,
} from './test-support/jwt-issuer.js';
import { expectCode } from './test-support/x509-expect.js';
import { parseTrustDomain } from './trust-domain.js';
import { type VerifiedJwtSvid, verifyJwtSvid } from './verify-jwt-svid.js';

const pairs = { k1: ecPair(), k384: ecPair('P-384'), k521: ecPair('P-521'), rsa: rsaPair() } as const;
type Kid = keyof typeof pairs;
const KEY_OF_ALG: Readonly<Record<Alg, Kid>> = {
  RS256: 'rsa',
  RS384: 'rsa',
  RS512: 'rsa',
  PS256: 'rsa',
  PS384: 'rsa',
  PS512: 'rsa',
  ES256: 'k1',
  ES384: 'k384',
  ES512: 'k521',
};
const ALGS = Object.keys(KEY_OF_ALG) as Alg[];
/** The first is in the bundle, but in no way that makes it usable; the second is nowhere. */
const [spare, stranger] = [ecPair(), ecPair()];
const jwks = jwksOf(
  ...Object.entries(pairs).map(([kid, pair]) => jwkOf(pair, kid)),
  jwkOf(spare, 'twin'),
  jwkOf(pairs.k1, 'twin'),
  jwkOf(spare, 'no-use', { use: undefined }),
  jwkOf(spare, 'sig', { use: 'sig' }),
  jwkOf(spare, 'signs', { key_ops: ['sign'] }),
  jwkOf(pairs.rsa, 'only-rs512', { alg: 'RS512' }),
);
const bundles = createBundleSet({ jwt: [parseJwtBundle(parseTrustDomain('td'), jwks, { keysWithoutUse: 'ignore' })] });

const verify = (token: string) => verifyJwtSvid(token, bundles, { audience: [AUDIENCE], now: NOW, leewayMs: 0 });

function ours(token: string): VerifiedJwtSvid | undefined {
  try {
    return verify(token);
  } catch (error) {
    if (!(error instanceof SpiffeError)) throw error;
    return undefined;
  }
}

async function theirs(token: string, publicKey: KeyObject): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(token, publicKey, {
      audience: AUDIENCE,
      currentDate: new Date(NOW),
      algorithms: ALGS,
      requiredClaims: ['exp', 'sub', 'aud'],
    });
    return payload;
  } catch {
    return undefined;
  }
}

const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(NOW_SECONDS, NOW_SECONDS + 1, NOW_SECONDS - 1, AUDIENCE, [AUDIENCE, 'x'], 'spiffe://td/b', 0),
);
const claimChanges = fc.dictionary(fc.constantFrom('sub', 'aud', 'exp', 'nbf', 'iat', 'iss', 'jti', 'x', '__proto__'), odd, {
  maxKeys: 2,
});
const headerChanges = fc.dictionary(
  fc.constantFrom('typ', 'alg', 'crit', 'b64', 'cty', 'jwk'),
  fc.oneof(odd, fc.constantFrom('JWT', 'ES256', 'RS256', 'none')),
  {
    maxKeys: 1,
  },
);
const algorithm = fc.constantFrom(...ALGS);
/** Where and how the text of the finished token is changed; mostly not at all. */
const textChange = fc.option(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    insert: fc.constantFrom('', 'A', '.', '=', '-', '\n'),
    remove: fc.nat(2),
  }),
  {
    freq: 2,
  },
);

describe('against jose', () => {
  it.each(ALGS)('accepts %s, as jose does', async (alg) => {
    const { publicKey, privateKey } = pairs[KEY_OF_ALG[alg]];
    const token = issue({ publicKey, privateKey }, { alg, kid: KEY_OF_ALG[alg] });
    expect(JSON.stringify(ours(token)?.claims)).toBe(JSON.stringify(claimsFor()));
    expect(await theirs(token, publicKey)).toEqual(claimsFor());
    expect(await theirs(token, stranger.publicKey)).toBeUndefined();
  });

  it('accepts nothing that jose refuses, and reads the same claims', async () => {
    let accepted = 0;
    let rejected = 0;
    const property = fc.asyncProperty(algorithm, headerChanges, claimChanges, textChange, async (alg, header, claims, change) => {
      const kid = KEY_OF_ALG[alg];
      let token = signParts(
        JSON.stringify({ alg, kid, typ: 'JWT', ...(header as Json) }),
        JSON.stringify({ ...claimsFor(), ...(claims as Json) }),
        alg,
        pairs[kid].privateKey,
      );
      if (change !== null) {
        const at = Math.floor(change.at * token.length);
        token = token.slice(0, at) + change.insert + token.slice(at + change.remove);
      }
      const svid = ours(token);
      if (svid === undefined) {
        rejected++;
        return;
      }
      accepted++;
      const payload = await theirs(token, pairs[kid].publicKey);
      expect(payload).toBeDefined();
      expect(JSON.stringify(svid.claims)).toBe(JSON.stringify(payload));
    });
    await fc.assert(property, { numRuns: 500 });
    // Else the test would prove nothing.
    expect(accepted).toBeGreaterThan(50);
    expect(rejected).toBeGreaterThan(50);
  });

  it('throws nothing but SpiffeError on any text', () => {
    const part = fc.oneof(
      fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
      fc.constant(Buffer.from('{"alg":"ES256","kid":"k1"}').toString('base64url')),
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.base64String(),
    );
    const token = fc.oneof(
      fc.array(part, { maxLength: 4 }).map((parts) => parts.join('.')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(token, (text) => {
        expect(ours(text)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });
});

const { k1, rsa } = pairs;
const header = (changes: Json): string => issue(k1, { header: changes });
const claims = (changes: Json): string => issue(k1, { claims: claimsFor(undefined, changes) });
const HEADER = '{"alg":"ES256","kid":"k1"}';
const CLAIMS = JSON.stringify(claimsFor());
const text = (head: string, payload: string): string => signParts(head, payload, 'ES256', k1.privateKey);
/** The claims with one more member, written as it stands here. */
const withMember = (member: string): string => text(HEADER, CLAIMS.replace('{', `{${member},`));
/** Signs the two parts as they are. */
const parts = (head: string, payload: string): string => signText(`${head}.${payload}`, 'ES256', k1.privateKey);
const padded = (part: string): string => part + '='.repeat((4 - (part.length % 4)) % 4);
/** A part whose length is no multiple of four. */
const uneven = (json: string): string => base64url(base64url(json).length % 4 === 0 ? `${json} ` : json);
const HEAD = base64url(HEADER);

/** 64 bytes leave four bits of their last character unused. */
function spareBits(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.slice(-1)) + 1];
}

/**
 * Every place known where jose, given the key that signed, accepts a token and we refuse it: what is beyond RFC 7515 and 7519, which
 * JWT-SVID asks for, and what those leave open (D2, D6, the limits, strict JSON and base64url).
 */
const STRICTER: readonly (readonly [what: string, token: string, code: SpiffeErrorCode, key?: KeyObject])[] = [
  ...['cty', 'jku', 'jwk', 'x5u', 'x5c', 'x5t', 'zip', 'epk', 'iss', 'nonce', 'unknown'].map(
    (member) => [`a header with ${member}`, header({ [member]: 'x' }), 'jwt_header_member'] as const,
  ),
  ['a header with b64', header({ b64: true }), 'jwt_header_member'],
  ['a header with crit that jose understands', header({ b64: true, crit: ['b64'] }), 'jwt_header_member'],
  ['a header with __proto__', text(HEADER.replace('}', ',"__proto__":{}}'), CLAIMS), 'jwt_header_member'],
  ...['at+jwt', 'jwt', 'application/jwt', '', null, 1].map(
    (typ) => [`typ ${JSON.stringify(typ)}`, header({ typ }), 'jwt_type'] as const,
  ),
  ...['', null, 1, ['k1']].map((kid) => [`kid ${JSON.stringify(kid)}`, header({ kid }), 'jwt_key_id'] as const),
  ['a kid that no key has, though a key of the bundle signed', header({ kid: 'nobody' }), 'jwt_key_unknown'],
  ['a kid that several keys have', header({ kid: 'twin' }), 'jwt_key_ambiguous'],
  ['a kid of a key for another alg', header({ kid: 'rsa' }), 'jwt_key_mismatch'],
  ['a key whose alg is another', issue(rsa, { alg: 'RS256', kid: 'only-rs512' }), 'jwt_key_mismatch', rsa.publicKey],
  ...['no-use', 'sig', 'signs'].map(
    (kid) => [`a key that is not for JWT-SVIDs: ${kid}`, issue(spare, { kid }), 'jwt_key_unknown', spare.publicKey] as const,
  ),
  ...['alice', 'spiffe://td', 'spiffe://TD/a', 'spiffe://td/a/', 1].map(
    (sub) => [`sub ${JSON.stringify(sub)}`, claims({ sub }), 'jwt_subject'] as const,
  ),
  ['sub of a trust domain without a bundle', claims({ sub: 'spiffe://b/a' }), 'jwt_untrusted_domain'],
  ['aud with a number', claims({ aud: [AUDIENCE, 1] }), 'jwt_audience'],
  ['33 audiences', claims({ aud: new Array(33).fill(AUDIENCE) }), 'jwt_too_many_audiences'],
  ...[1e300, 8.64e12 + 1].map((exp) => [`exp ${exp}`, claims({ exp }), 'jwt_numeric_date'] as const),
  ['nbf before the epoch', claims({ nbf: -1 }), 'jwt_numeric_date'],
  ['iat before the epoch', claims({ iat: -1 }), 'jwt_numeric_date'],
  ['a header member twice', text(HEADER.replace('}', ',"alg":"ES256"}'), CLAIMS), 'jwt_duplicate_member'],
  ['a claim twice', withMember('"sub":"x"'), 'jwt_duplicate_member'],
  ['a member of a claim twice', withMember('"x":{"a":1,"a":2}'), 'jwt_duplicate_member'],
  ['lists in lists, 40 deep', withMember(`"x":${'['.repeat(40)}${']'.repeat(40)}`), 'jwt_too_deep'],
  ['a number beyond all doubles', withMember('"x":1e400'), 'jwt_encoding'],
  ['half a surrogate pair', withMember('"x":"\\ud800"'), 'jwt_encoding'],
  ['a byte order mark before the header', text(`\ufeff${HEADER}`, CLAIMS), 'jwt_encoding'],
  ['a byte order mark before the claims', text(HEADER, `\ufeff${CLAIMS}`), 'jwt_encoding'],
  ['padding of the header', parts(padded(uneven(HEADER)), base64url(CLAIMS)), 'jwt_encoding'],
  ['padding of the claims', parts(HEAD, padded(uneven(CLAIMS))), 'jwt_encoding'],
  ['padding of the signature', `${issue(k1)}==`, 'jwt_encoding'],
  ['a line feed in the claims', parts(HEAD, base64url(CLAIMS).replace(/^..../, '$&\n')), 'jwt_encoding'],
  ['a line feed after the signature', `${issue(k1)}\n`, 'jwt_encoding'],
  ['a space after the signature', `${issue(k1)} `, 'jwt_encoding'],
  ['spare bits of the signature', spareBits(issue(k1)), 'jwt_encoding'],
  ['more than 8 KiB', claims({ x: 'a'.repeat(8192) }), 'jwt_too_large'],
];

describe('where jose accepts and we refuse', () => {
  const rows = STRICTER.map(([what, token, code, key = k1.publicKey]) => ({ what, token, code, key }));
  it.each(rows)('$what', async ({ token, code, key }) => {
    expect(await theirs(token, key)).toBeDefined();
    expectCode(() => verify(token), code);
  });

  it('what the same makers make without that is accepted', () => {
    for (const token of [header({}), claims({}), text(HEADER, CLAIMS), withMember('"x":1'), parts(HEAD, base64url(CLAIMS))]) {
      expect(verify(token).id.path).toBe('/client');
    }
    expect(verify(parts(uneven(HEADER), uneven(CLAIMS))).id.path).toBe('/client');
    expect(verify(issue(k1, { kid: undefined })).id.path).toBe('/client');
    expect(verify(issue(rsa, { alg: 'RS512', kid: 'only-rs512' })).id.path).toBe('/client');
  });
});
