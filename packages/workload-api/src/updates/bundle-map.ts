import { parseTrustDomain, type TrustDomain } from '@dirgate/spiffe';
import { BundleEntry, type BundleReader, type BundleReport, type ComparableBundle } from './bundle-entry.js';
import type { SentBundle } from './sent-bundle.js';
import type { Turns } from './turns.js';

/** Bundles by trust domain name. A `Map`, as a trust domain may be called `constructor` (ID-15). */
export type BundleEntries<Bundle extends ComparableBundle<Bundle>> = ReadonlyMap<string, BundleEntry<Bundle>>;

/**
 * Takes over the bundle map of a response (keys are trust domain IDs, W-23) without reading a bundle. An entry whose bytes did
 * not change is the very entry of `previous`; one with a key that is no trust domain ID is reported and left out.
 */
export async function readBundleMap<Bundle extends ComparableBundle<Bundle>>(
  sent: readonly SentBundle[],
  previous: BundleEntries<Bundle>,
  reader: BundleReader<Bundle>,
  turns: Turns,
): Promise<Map<string, BundleEntry<Bundle>>> {
  const entries = new Map<string, BundleEntry<Bundle>>();
  const ambiguous = new Set<string>();
  for (const bundle of sent) {
    if (turns.isOver) await turns.next();
    const { name } = bundle;
    const before = name === undefined ? undefined : previous.get(name);
    const trustDomain = before?.trustDomain ?? readName(name, bundle, reader.report);
    if (!trustDomain) continue;
    const { size } = entries;
    const isSame = before !== undefined && bundle.holds(before.raw);
    entries.set(trustDomain.name, isSame ? before : entryOf(trustDomain, bundle.bytes, before, reader));
    if (entries.size === size) ambiguous.add(trustDomain.name);
  }
  for (const name of ambiguous) {
    // Which of them counts would be a guess.
    entries.delete(name);
    reader.report(`there are several bundles of spiffe://${name}; it is not trusted`);
  }
  return entries;
}

/** The entry for these bytes: `previous` where they are the same. */
export function entryOf<Bundle extends ComparableBundle<Bundle>>(
  trustDomain: TrustDomain,
  raw: Uint8Array,
  previous: BundleEntry<Bundle> | undefined,
  reader: BundleReader<Bundle>,
): BundleEntry<Bundle> {
  if (previous && Buffer.compare(previous.raw, raw) === 0) return previous;
  return new BundleEntry(trustDomain, raw, reader, previous?.known, previous?.isWanted);
}

/** Exactly `spiffe://name`; any other spelling of a trust domain is refused, not folded. */
function readName(name: string | undefined, bundle: SentBundle, report: BundleReport): TrustDomain | undefined {
  try {
    if (name !== undefined) return parseTrustDomain(name);
  } catch {
    // Reported below.
  }
  report(`${JSON.stringify(bundle.key.slice(0, 300))} is no trust domain ID; its bundle is ignored`);
  return undefined;
}
