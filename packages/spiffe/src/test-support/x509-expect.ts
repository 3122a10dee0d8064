import { expect } from 'vitest';
import type { SpiffeErrorCode } from '../error-codes.js';
import type { X509BundleSource } from '../sources.js';
import { SpiffeError } from '../spiffe-error.js';
import { parseTrustDomain } from '../trust-domain.js';
import { type VerifiedX509Svid, verifyX509Svid } from '../verify-x509-svid.js';
import { createX509Bundle, type X509Bundle } from '../x509-bundle.js';
import { type Issued, NOW } from './test-issuer.js';

export const USAGES = ['client', 'server'] as const;

/** Asserts that `action` refuses with exactly this code. */
export function expectCode(action: () => unknown, code: SpiffeErrorCode): void {
  let caught: unknown;
  try {
    action();
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(SpiffeError);
  expect(caught instanceof SpiffeError ? caught.code : undefined).toBe(code);
}

/** A source over a plain list of bundles. */
export function sourceOf(...bundles: readonly X509Bundle[]): X509BundleSource {
  const byName = new Map(bundles.map((bundle) => [bundle.trustDomain.name, bundle]));
  return { x509Bundle: (trustDomain) => byName.get(trustDomain.name) };
}

export function bundleOf(trustDomain: string, ...authorities: readonly Issued[]): X509Bundle {
  return createX509Bundle(
    parseTrustDomain(trustDomain),
    authorities.map((authority) => authority.der),
  );
}

/** Verifies a chain of `td` (leaf first) against `anchors` in both roles; returns the verdict of the second. */
export function accept(chain: readonly Issued[], anchors: readonly Issued[], now = NOW): VerifiedX509Svid {
  const source = sourceOf(bundleOf('td', ...anchors));
  const ders = chain.map((one) => one.der);
  verifyX509Svid(ders, source, { now, usage: 'client' });
  return verifyX509Svid(ders, source, { now, usage: 'server' });
}

/** Asserts that both roles refuse the chain with this code. */
export function refuse(chain: readonly Issued[], anchors: readonly Issued[], code: SpiffeErrorCode, now = NOW): void {
  const source = sourceOf(bundleOf('td', ...anchors));
  const ders = chain.map((one) => one.der);
  for (const usage of USAGES) expectCode(() => verifyX509Svid(ders, source, { now, usage }), code);
}
