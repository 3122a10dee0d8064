import { expect } from 'vitest';
import { createBundleSet } from '../bundle-set.js';
import type { SpiffeErrorCode } from '../error-codes.js';
import { parseJwtBundle } from '../jwt-bundle.js';
import { parseTrustDomain } from '../trust-domain.js';
import { verifyJwtSvid } from '../verify-jwt-svid.js';
import { expectRefusal } from './expect-refusal.js';
import { AUDIENCE, claimsFor, ecPair, issue, type Json, jwkOf, jwksOf, NOW, rsaPair } from './jwt-issuer.js';

export const p256 = ecPair('P-256');
export const p384 = ecPair('P-384');
export const p521 = ecPair('P-521');
export const rsa = rsaPair();
export const rsaOnly = rsaPair();
export const bOnly = ecPair();

export const bundleOf = (name: string, ...keys: readonly Json[]) =>
  parseJwtBundle(parseTrustDomain(name), jwksOf(...keys), { keysWithoutUse: 'ignore' });
export const tdBundle = bundleOf(
  'td',
  jwkOf(p256, 'k1'),
  jwkOf(p384, 'k384'),
  jwkOf(p521, 'k521'),
  jwkOf(rsa, 'rsa'),
  jwkOf(rsaOnly, 'rs512', { alg: 'RS512' }),
);
export const bundles = createBundleSet({
  jwt: [tdBundle, bundleOf('b', jwkOf(bOnly, 'k1')), bundleOf('constructor', jwkOf(bOnly, 'k1'))],
});
export const options = { audience: [AUDIENCE], now: NOW, leewayMs: 0 };

export const verify = (token: string, changes: Partial<typeof options> = {}) =>
  verifyJwtSvid(token, bundles, { ...options, ...changes });
export const refused = (token: string, code: SpiffeErrorCode, rule: string) => expectRefusal(() => verify(token), code, rule);

export function expectAccepted(token: string): void {
  expect(verify(token).id.trustDomain.name).toMatch(/^(td|b|constructor)$/);
}

/** One change of the header makes the difference. */
export function refusedHeader(header: Json, code: SpiffeErrorCode, rule: string): void {
  expectAccepted(issue(p256));
  refused(issue(p256, { header }), code, rule);
}

export function refusedClaim(change: Json, code: SpiffeErrorCode, rule: string): void {
  expectAccepted(issue(p256));
  refused(issue(p256, { claims: claimsFor(undefined, change) }), code, rule);
}
