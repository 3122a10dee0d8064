import { type JwtBundle, parseJwtBundle, type TrustDomain } from '@dirgate/spiffe';
import { WorkloadApiError } from '../workload-api-error.js';
import { BundleEntry, causeOf } from './bundle-entry.js';
import { type BundleEntries, readBundleMap } from './bundle-map.js';
import { isRefusedForSize, parseAtMost } from './bundle-size.js';
import { type BundlesField, splitBundlesField } from './bundles-field.js';
import { Turns } from './turns.js';
import type { UpdateContext } from './x509-update.js';

/** All of one `JWTBundlesResponse`, validated. Never changed after it was made (W-25). */
export interface JwtSnapshot {
  readonly bundles: BundleEntries<JwtBundle>;
}

/** As {@link UpdateContext}; our own trust domains are those of our SVIDs, as far as they are known when the message was read. */
export interface JwtUpdateContext extends UpdateContext<JwtSnapshot> {
  readonly ownTrustDomains: () => Iterable<string>;
}

/**
 * Takes over one encoded `JWTBundlesResponse`. Bundles are read when they are needed, those of our own trust domains at once. One
 * that cannot be read is not trusted and is reported (TW-7), also when that leaves none; one with no key is a revocation and
 * stays (W-14). A key without `use` counts as one for JWT-SVIDs (D8).
 *
 * Rejects with WorkloadApiError `response_invalid`: the message must be discarded, the previous state kept. That is so when our own
 * trust domain's bundle cannot be read, or when there is no bundle at all
 */
export async function readJwtUpdate(
  message: Uint8Array,
  { previous, maxBundles, maxFederatedBundleBytes, report, ownTrustDomains, turns = new Turns() }: JwtUpdateContext,
): Promise<JwtSnapshot> {
  let field: BundlesField;
  try {
    const most = new Map([[1, { count: maxBundles, what: 'bundles' }]]);
    field = await splitBundlesField(message, { field: 1, most, keepsRest: false, turns });
  } catch (cause) {
    throw invalid(causeOf(cause), cause);
  }
  if (field.bundles.length === 0) throw invalid('a mandatory field is empty');
  // Where our own bundle refuses the message, the one before stays trusted, and nothing else may be said of it.
  let judging = false;
  const tell = (problem: string): void => void (judging || report(problem));
  const reader = { parse: parseAtMost(maxFederatedBundleBytes, parse), report: tell };
  const read = await readBundleMap(field.bundles, previous?.bundles ?? new Map(), reader, turns);
  const own = [...ownTrustDomains()];
  const { bundles } = admitOwn({ bundles: read }, own, { maxFederatedBundleBytes, report: tell });
  judging = true;
  for (const name of own) {
    const entry = bundles.get(name);
    if (entry && !entry.bundle) throw invalid('the bundle of our own trust domain cannot be read');
  }
  judging = false;
  return { bundles };
}

/** The snapshot with the bundles of our own trust domains as such: they may be larger than those of others. The same one where none is. */
export function admitOwn(
  snapshot: JwtSnapshot,
  ownTrustDomains: Iterable<string>,
  { maxFederatedBundleBytes, report }: Pick<JwtUpdateContext, 'maxFederatedBundleBytes' | 'report'>,
): JwtSnapshot {
  const own = new Map<string, BundleEntry<JwtBundle>>();
  for (const name of ownTrustDomains) {
    const entry = snapshot.bundles.get(name);
    if (!entry || !isRefusedForSize(entry, maxFederatedBundleBytes)) continue;
    own.set(name, new BundleEntry(entry.trustDomain, entry.raw, { parse, report }, entry.known, true));
  }
  return own.size === 0 ? snapshot : { bundles: new Map([...snapshot.bundles, ...own]) };
}

function parse(trustDomain: TrustDomain, raw: Uint8Array): JwtBundle {
  // W-14: a field without bytes is an error of the endpoint; a JWK Set without keys is not.
  if (raw.length === 0) throw new WorkloadApiError('response_invalid', 'no bytes');
  return parseJwtBundle(trustDomain, raw, { keysWithoutUse: 'jwt-svid' });
}

function invalid(why: string, cause?: unknown): WorkloadApiError {
  return new WorkloadApiError('response_invalid', `a JWTBundlesResponse is discarded: ${why}`, { cause });
}
