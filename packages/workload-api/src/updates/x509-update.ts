import { fromBinary } from '@bufbuild/protobuf';
import { parseX509Bundle, parseX509Svid, type TrustDomain, type X509Bundle, type X509Svid } from '@dirgate/spiffe';
import { type X509SVID, X509SVIDResponseSchema } from '../gen/spiffe/workload/workloadapi_pb.js';
import { readHint, type SelectSvid } from '../svid-selection.js';
import { WorkloadApiError } from '../workload-api-error.js';
import { type BundleEntry, type BundleReport, causeOf } from './bundle-entry.js';
import { type BundleEntries, entryOf, readBundleMap } from './bundle-map.js';
import { isRefusedForSize, parseAtMost } from './bundle-size.js';
import { type BundlesField, splitBundlesField } from './bundles-field.js';
import { Turns } from './turns.js';
import { verifyOwnSvid } from './verify-own-svid.js';
import type { X509Snapshot, X509SvidEntry } from './x509-snapshot.js';

const MAX_SVIDS = 100;

/** What an update is read against. */
export interface UpdateContext<Snapshot> {
  readonly previous: Snapshot | undefined;
  readonly now: number;
  readonly maxBundles: number;
  /** The largest bundle of another trust domain. */
  readonly maxFederatedBundleBytes: number;
  /** Told of each entry that was left out while the rest took effect. */
  readonly report: BundleReport;
  /** Default: turns of its own. */
  readonly turns?: Turns;
}

/** As {@link UpdateContext}, for messages with SVIDs. */
export interface X509UpdateContext extends UpdateContext<X509Snapshot> {
  readonly select: SelectSvid;
}

/**
 * Validates one encoded `X509SVIDResponse` as a whole. On return: every SVID's key, chain, own bundle and ID belong together and
 * it is valid now; what did not change is the same object as before. Federated bundles are read when they are needed; one
 * that cannot be read is not trusted (TW-7). `crl` is not evaluated (W-24).
 *
 * Where all of it can be read, but an own bundle does not prove its SVID now, the bundles take effect and the SVIDs are the previous
 * ones whose ID the message names, or none: whoever revokes an authority takes trust away, be our SVID replaced already or not, and
 * an identity that is left out was withdrawn (W-20). `refused` says so.
 *
 * Rejects with WorkloadApiError `response_invalid`: the message must be discarded, the previous state kept (W-14, W-25).
 */
export async function readX509Update(message: Uint8Array, context: X509UpdateContext): Promise<X509Snapshot> {
  const { turns = new Turns() } = context;
  const { bundles, rest } = await split(message, context.maxBundles, turns);
  const own = new Map<string, BundleEntry<X509Bundle>>();
  const entries: X509SvidEntry[] = [];
  const hints = new Set<string>();
  let refused: WorkloadApiError | undefined;
  for (const [index, svid] of decodeSvids(rest).entries()) {
    if (turns.isOver) await turns.next();
    const { entry, bundle } = readSvid(svid, index, own, context);
    refused ??= refusalOf(entry.svid, bundle, index, context.now);
    const { hint } = entry.svid;
    // W-17: of SVIDs with one hint only the first counts.
    if (hint !== '' && hints.has(hint)) {
      context.report(`a second SVID has the hint of another; ${entry.svid.id} is ignored`);
      continue;
    }
    hints.add(hint);
    entries.push(entry);
  }
  if (entries.length === 0) throw invalid('it holds no SVID');
  const merged = await mergeBundles(own, bundles, context, turns);
  if (refused) return { ...keepNamed(entries, context), bundles: merged, refused };
  const svids = entries.map(({ svid }) => svid);
  return { svids: entries, chosen: context.select(svids, context.report), bundles: merged };
}

/** The SVIDs of before, without those of identities that the message leaves out. */
function keepNamed(
  entries: readonly X509SvidEntry[],
  { previous, select, report }: X509UpdateContext,
): Pick<X509Snapshot, 'svids' | 'chosen'> {
  if (!previous) return { svids: [], chosen: undefined };
  const named = new Set(entries.map(({ svid }) => svid.id.toString()));
  const svids = previous.svids.filter(({ svid }) => named.has(svid.id.toString()));
  if (svids.length === previous.svids.length) return previous;
  return {
    svids,
    chosen: select(
      svids.map(({ svid }) => svid),
      report,
    ),
  };
}

/** Why an SVID must not be presented, though it could be read. */
function refusalOf(svid: X509Svid, bundle: X509Bundle, index: number, now: number): WorkloadApiError | undefined {
  try {
    verifyOwnSvid(svid, bundle, now);
    return undefined;
  } catch (cause) {
    const why = `SVID ${index}: ${causeOf(cause)}`;
    const text = `the SVIDs of an X509SVIDResponse are discarded, its bundles take effect: ${why}`;
    return new WorkloadApiError('response_invalid', text, { cause });
  }
}

async function split(message: Uint8Array, maxBundles: number, turns: Turns): Promise<BundlesField> {
  const most = new Map([
    [1, { count: MAX_SVIDS, what: 'SVIDs' }],
    [3, { count: maxBundles, what: 'bundles' }],
  ]);
  try {
    return await splitBundlesField(message, { field: 3, most, keepsRest: true, turns });
  } catch (cause) {
    throw invalid(causeOf(cause), cause);
  }
}

function decodeSvids(message: Uint8Array): readonly X509SVID[] {
  try {
    return fromBinary(X509SVIDResponseSchema, message, { readUnknownFields: false }).svids;
  } catch (cause) {
    throw invalid(causeOf(cause), cause);
  }
}

/** W-23: what a response calls federated never replaces our own bundle. */
async function mergeBundles(
  own: BundleEntries<X509Bundle>,
  federated: BundlesField['bundles'],
  { previous, report, maxFederatedBundleBytes }: X509UpdateContext,
  turns: Turns,
): Promise<BundleEntries<X509Bundle>> {
  const reader = { parse: parseAtMost(maxFederatedBundleBytes, parseX509Bundle), report };
  const bundles = await readBundleMap(federated, previous?.bundles ?? new Map(), reader, turns);
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
  { previous, report, maxFederatedBundleBytes }: X509UpdateContext,
): { readonly entry: X509SvidEntry; readonly bundle: X509Bundle } {
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
    const bundle = ownBundle(svid.id.trustDomain, message.bundle, own, { previous, maxFederatedBundleBytes });
    own.set(svid.id.trustDomain.name, bundle);
    return { entry, bundle: bundle.require() };
  } catch (cause) {
    throw fail(causeOf(cause), cause);
  }
}

function parseEntry(
  { x509Svid, x509SvidKey, hint }: X509SVID,
  previous: X509Snapshot | undefined,
  report: BundleReport,
): X509SvidEntry {
  const usableHint = readHint(hint, report);
  const same = previous?.svids.find(
    ({ svid, chain, privateKey }) =>
      svid.hint === usableHint && Buffer.compare(chain, x509Svid) === 0 && Buffer.compare(privateKey, x509SvidKey) === 0,
  );
  if (same) return same;
  const chain = new Uint8Array(x509Svid);
  const privateKey = new Uint8Array(x509SvidKey);
  return { svid: parseX509Svid({ chain, privateKey, hint: usableHint }), chain, privateKey };
}

/** Nothing is reported: what is wrong with it refuses the message. */
function ownBundle(
  trustDomain: TrustDomain,
  raw: Uint8Array,
  own: BundleEntries<X509Bundle>,
  { previous, maxFederatedBundleBytes }: Pick<X509UpdateContext, 'previous' | 'maxFederatedBundleBytes'>,
): BundleEntry<X509Bundle> {
  const { name } = trustDomain;
  const earlier = own.get(name);
  if (earlier && Buffer.compare(earlier.raw, raw) !== 0) throw invalid('two SVIDs bring different bundles of one trust domain');
  if (earlier) return earlier;
  const before = previous?.bundles.get(name);
  // It may have been federated until now.
  const known = before && isRefusedForSize(before, maxFederatedBundleBytes) ? undefined : before;
  return entryOf(trustDomain, raw, known, { parse: parseX509Bundle, report: () => {} });
}

function invalid(why: string, cause?: unknown): WorkloadApiError {
  return new WorkloadApiError('response_invalid', `an X509SVIDResponse is discarded: ${why}`, { cause });
}
