import fc from 'fast-check';
import { type JWTPayload, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { createBundleSet } from './bundle-set.js';
import { parseJwtBundle } from './jwt-bundle.js';
import { SpiffeError } from './spiffe-error.js';
import {
  type Alg,
  AUDIENCE,
  claimsFor,
  ecPair,
  type Json,
  jwkOf,
  jwksOf,
  NOW,
  NOW_SECONDS,
  rsaPair,
  signParts,
} from './test-support/jwt-issuer.js';
import { parseTrustDomain } from './trust-domain.js';
import { type VerifiedJwtSvid, verifyJwtSvid } from './verify-jwt-svid.js';

const pairs = { k1: ecPair(), k384: ecPair('P-384'), rsa: rsaPair() } as const;
type Kid = keyof typeof pairs;
const ALG_OF_KID: Readonly<Record<Kid, readonly Alg[]>> = { k1: ['ES256'], k384: ['ES384'], rsa: ['RS256', 'PS256', 'PS512'] };
const jwks = jwksOf(...Object.entries(pairs).map(([kid, pair]) => jwkOf(pair, kid)));
const bundles = createBundleSet({ jwt: [parseJwtBundle(parseTrustDomain('td'), jwks, { keysWithoutUse: 'ignore' })] });

function ours(token: string): VerifiedJwtSvid | undefined {
  try {
    return verifyJwtSvid(token, bundles, { audience: [AUDIENCE], now: NOW, leewayMs: 0 });
  } catch (error) {
    if (!(error instanceof SpiffeError)) throw error;
    return undefined;
  }
}

async function theirs(token: string, kid: Kid): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(token, pairs[kid].publicKey, {
      audience: AUDIENCE,
      currentDate: new Date(NOW),
      algorithms: ['RS256', 'PS256', 'PS512', 'ES256', 'ES384'],
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
const key = fc
  .constantFrom<Kid>('k1', 'k384', 'rsa')
  .chain((kid) => fc.record({ kid: fc.constant(kid), alg: fc.constantFrom(...ALG_OF_KID[kid]) }));
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
  it('accepts nothing that jose refuses, and reads the same claims', async () => {
    let accepted = 0;
    let rejected = 0;
    const property = fc.asyncProperty(
      key,
      headerChanges,
      claimChanges,
      textChange,
      async ({ kid, alg }, header, claims, change) => {
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
        const payload = await theirs(token, kid);
        expect(payload).toBeDefined();
        expect(JSON.stringify(svid.claims)).toBe(JSON.stringify(payload));
      },
    );
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
