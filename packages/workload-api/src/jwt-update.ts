import { type JwtBundle, parseJwtBundle, type TrustDomain } from '@dirgate/spiffe';
import { type BundleEntries, readBundleMap } from './bundle-map.js';
import type { JWTBundlesResponse } from './gen/spiffe/workload/workloadapi_pb.js';
import { WorkloadApiError } from './workload-api-error.js';
import type { UpdateContext } from './x509-update.js';

/** All of one `JWTBundlesResponse`, validated. Never changed after it was made (W-25). */
export interface JwtSnapshot {
  readonly bundles: BundleEntries<JwtBundle>;
}

/**
 * Validates one `JWTBundlesResponse` as a whole. A bundle that cannot be read is left out and reported (TW-7); one with
 * no key is a revocation and stays (W-14). A key without `use` counts as one for JWT-SVIDs (D8).
 *
 * @throws WorkloadApiError `response_invalid`: the message must be discarded, the previous state kept. That is so for
 * our own trust domain's bundle too, where it is known
 */
export function readJwtUpdate(
  { bundles }: JWTBundlesResponse,
  { previous, maxBundles, report, ownTrustDomain }: UpdateContext<JwtSnapshot> & { readonly ownTrustDomain: string | undefined },
): JwtSnapshot {
  const count = Object.keys(bundles).length;
  if (count > maxBundles) throw invalid(`it holds more than ${maxBundles} bundles`);
  const entries = readBundleMap(bundles, previous?.bundles ?? new Map(), parse, report);
  if (entries.size === 0) throw invalid('it holds no bundle that can be read');
  if (ownTrustDomain !== undefined && `spiffe://${ownTrustDomain}` in bundles && !entries.has(ownTrustDomain)) {
    throw invalid('the bundle of our own trust domain cannot be read');
  }
  return { bundles: entries };
}

function parse(trustDomain: TrustDomain, raw: Uint8Array): JwtBundle {
  // W-14: a field without bytes is an error of the endpoint; a JWK Set without keys is not.
  if (raw.length === 0) throw new WorkloadApiError('response_invalid', 'no bytes');
  return parseJwtBundle(trustDomain, raw, { keysWithoutUse: 'jwt-svid' });
}

function invalid(why: string): WorkloadApiError {
  return new WorkloadApiError('response_invalid', `a JWTBundlesResponse is discarded: ${why}`);
}
