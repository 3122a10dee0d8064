import type { JwtBundle } from './jwt-bundle.js';
import type { BundleSource } from './sources.js';
import { SpiffeError } from './spiffe-error.js';
import type { TrustDomain } from './trust-domain.js';
import type { X509Bundle } from './x509-bundle.js';

/** What {@link createBundleSet} holds. */
export interface BundleSetContent {
  readonly x509?: readonly X509Bundle[];
  readonly jwt?: readonly JwtBundle[];
}

/**
 * An unchanging source of bundles: one snapshot of what is trusted. Later changes of the arrays do not reach it.
 * Bundles are kept apart by trust domain and by kind, never merged (X-17, J-16).
 *
 * @throws SpiffeError `duplicate_trust_domain` when two bundles of one kind are of one trust domain
 */
export function createBundleSet({ x509 = [], jwt = [] }: BundleSetContent): BundleSource {
  const x509ByName = byTrustDomain(x509);
  const jwtByName = byTrustDomain(jwt);
  return Object.freeze({
    x509Bundle: (trustDomain: TrustDomain) => x509ByName.get(trustDomain.name),
    jwtBundle: (trustDomain: TrustDomain) => jwtByName.get(trustDomain.name),
  });
}

/** A Map, as a trust domain may be called `constructor` (ID-15). */
function byTrustDomain<B extends { readonly trustDomain: TrustDomain }>(bundles: readonly B[]): ReadonlyMap<string, B> {
  const byName = new Map<string, B>();
  for (const bundle of bundles) {
    const { name } = bundle.trustDomain;
    if (byName.has(name)) throw new SpiffeError('duplicate_trust_domain', 'two bundles of one kind are of one trust domain');
    byName.set(name, bundle);
  }
  return byName;
}
