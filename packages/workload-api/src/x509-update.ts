import {
  parseX509Bundle,
  parseX509Svid,
  SpiffeError,
  type TrustDomain,
  verifyX509Svid,
  type X509Bundle,
  type X509Svid,
} from '@dirgate/spiffe';
import { type BundleEntry, type BundleReport, causeOf, readBundle, readBundleMap } from './bundle-map.js';
import type { X509SVID, X509SVIDResponse } from './gen/spiffe/workload/workloadapi_pb.js';
import { WorkloadApiError } from './workload-api-error.js';
import type { X509Snapshot, X509SvidEntry } from './x509-snapshot.js';

const MAX_SVIDS = 100;
const MAX_HINT_BYTES = 1024;

/** What an update is read against. */
export interface UpdateContext<Snapshot> {
  readonly previous: Snapshot | undefined;
  readonly now: number;
  readonly maxBundles: number;
  /** Told of each entry that was left out while the rest took effect. */
  readonly report: BundleReport;
}

/**
 * Validates one `X509SVIDResponse` as a whole. On return: every SVID's key, chain, own bundle and ID belong together and
 * it is valid now; what did not change is the same object as before. A federated bundle that cannot be read is
 * left out (TW-7); `crl` is not evaluated (W-24).
 *
 * @throws WorkloadApiError `response_invalid`: the message must be discarded, the previous state kept
 */
export function readX509Update(message: X509SVIDResponse, context: UpdateContext<X509Snapshot>): X509Snapshot {
  const { svids, federatedBundles } = message;
  if (svids.length > MAX_SVIDS) throw invalid(`it holds more than ${MAX_SVIDS} SVIDs`);
  if (Object.keys(federatedBundles).length > context.maxBundles)
    throw invalid(`it holds more than ${context.maxBundles} bundles`);

  const own = new Map<string, BundleEntry<X509Bundle>>();
  const entries: X509SvidEntry[] = [];
  const hints = new Set<string>();
  for (const [index, svid] of svids.entries()) {
    const entry = readSvid(svid, index, own, context);
    const { hint } = entry.svid;
    // W-17: of SVIDs with one hint only the first counts.
    if (hint !== '' && hints.has(hint)) {
      context.report(`a second SVID has the hint of another; ${entry.svid.id} is ignored`);
      continue;
    }
    hints.add(hint);
    entries.push(entry);
  }
  const [first, ...others] = entries;
  if (!first) throw invalid('it holds no SVID');
  return { svids: [first, ...others], bundles: mergeBundles(own, federatedBundles, context) };
}

/** W-23: what a response calls federated never replaces our own bundle. */
function mergeBundles(
  own: ReadonlyMap<string, BundleEntry<X509Bundle>>,
  federated: Readonly<Record<string, Uint8Array>>,
  { previous, report }: UpdateContext<X509Snapshot>,
): Map<string, BundleEntry<X509Bundle>> {
  const bundles = readBundleMap(federated, previous?.bundles ?? new Map(), parseX509Bundle, report);
  for (const [name, entry] of own) {
    if (bundles.has(name)) report(`the federated bundles name our own trust domain spiffe://${name}; our own bundle stays`);
    bundles.set(name, entry);
  }
  return bundles;
}

function readSvid(
  message: X509SVID,
  index: number,
  own: Map<string, BundleEntry<X509Bundle>>,
  { previous, now, report }: UpdateContext<X509Snapshot>,
): X509SvidEntry {
  const fail = (why: string, cause?: unknown): WorkloadApiError => invalid(`SVID ${index}: ${why}`, cause);
  if (message.spiffeId === '' || !message.x509Svid.length || !message.x509SvidKey.length || !message.bundle.length) {
    throw fail('a mandatory field is empty');
  }
  let entry: X509SvidEntry;
  try {
    entry = parseEntry(message, previous, report);
  } catch (cause) {
    throw fail(causeOf(cause), cause);
  }
  const { svid } = entry;
  if (svid.id.toString() !== message.spiffeId) throw fail('spiffe_id is not the ID of the certificate');
  try {
    const bundle = readOwnBundle(svid.id.trustDomain, message.bundle, own, previous);
    own.set(svid.id.trustDomain.name, bundle);
    verifyOwnSvid(svid, bundle.bundle, now);
  } catch (cause) {
    throw fail(causeOf(cause), cause);
  }
  return entry;
}

function parseEntry(
  { x509Svid, x509SvidKey, hint }: X509SVID,
  previous: X509Snapshot | undefined,
  report: BundleReport,
): X509SvidEntry {
  const usableHint = Buffer.byteLength(hint) <= MAX_HINT_BYTES ? hint : '';
  if (usableHint !== hint) report(`a hint is longer than ${MAX_HINT_BYTES} bytes and is ignored`);
  const same = previous?.svids.find(
    ({ svid, chain, privateKey }) =>
      svid.hint === usableHint && Buffer.compare(chain, x509Svid) === 0 && Buffer.compare(privateKey, x509SvidKey) === 0,
  );
  if (same) return same;
  const chain = new Uint8Array(x509Svid);
  const privateKey = new Uint8Array(x509SvidKey);
  return { svid: parseX509Svid({ chain, privateKey, hint: usableHint }), chain, privateKey };
}

function readOwnBundle(
  trustDomain: TrustDomain,
  raw: Uint8Array,
  own: ReadonlyMap<string, BundleEntry<X509Bundle>>,
  previous: X509Snapshot | undefined,
): BundleEntry<X509Bundle> {
  const earlier = own.get(trustDomain.name);
  if (earlier && Buffer.compare(earlier.raw, raw) !== 0) throw invalid('two SVIDs bring different bundles of one trust domain');
  return earlier ?? readBundle(trustDomain, raw, previous?.bundles.get(trustDomain.name), parseX509Bundle);
}

/** Our SVID may be meant for one role only; which one we play is not known here. */
function verifyOwnSvid(svid: X509Svid, bundle: X509Bundle, now: number): void {
  const bundles = { x509Bundle: (trustDomain: TrustDomain) => (trustDomain.equals(bundle.trustDomain) ? bundle : undefined) };
  try {
    verifyX509Svid(svid.chain, bundles, { now, usage: 'client' });
  } catch (error) {
    if (!(error instanceof SpiffeError)) throw error;
    verifyX509Svid(svid.chain, bundles, { now, usage: 'server' });
  }
}

function invalid(why: string, cause?: unknown): WorkloadApiError {
  return new WorkloadApiError('response_invalid', `an X509SVIDResponse is discarded: ${why}`, { cause });
}
