import { parseX509Bundle } from '@dirgate/spiffe';
import { WorkloadApiError } from '../workload-api-error.js';
import { causeOf } from './bundle-entry.js';
import { readBundleMap } from './bundle-map.js';
import { parseAtMost } from './bundle-size.js';
import { type BundlesField, splitBundlesField } from './bundles-field.js';
import { Turns } from './turns.js';
import type { X509Snapshot } from './x509-snapshot.js';
import type { UpdateContext } from './x509-update.js';

/**
 * Takes over one encoded `X509BundlesResponse`: trust without an identity of our own. Bundles are read when they are needed; one
 * that cannot be read is not trusted and is reported (TW-7). `crl` is not evaluated (W-24).
 *
 * Rejects with WorkloadApiError `response_invalid`: the message must be discarded, the previous state kept.
 */
export async function readX509BundlesUpdate(
  message: Uint8Array,
  { previous, maxBundles, maxFederatedBundleBytes, report, turns = new Turns() }: UpdateContext<X509Snapshot>,
): Promise<X509Snapshot> {
  let field: BundlesField;
  try {
    const most = new Map([[2, { count: maxBundles, what: 'bundles' }]]);
    field = await splitBundlesField(message, { field: 2, most, keepsRest: false, turns });
  } catch (cause) {
    throw invalid(causeOf(cause), cause);
  }
  if (field.bundles.length === 0) throw invalid('a mandatory field is empty');
  const reader = { parse: parseAtMost(maxFederatedBundleBytes, parseX509Bundle), report };
  const bundles = await readBundleMap(field.bundles, previous?.bundles ?? new Map(), reader, turns);
  return { svids: [], chosen: undefined, bundles };
}

function invalid(why: string, cause?: unknown): WorkloadApiError {
  return new WorkloadApiError('response_invalid', `an X509BundlesResponse is discarded: ${why}`, { cause });
}
