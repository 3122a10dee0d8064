import { parseTrustDomain, SpiffeError, type TrustDomain } from '@dirgate/spiffe';

const SCHEME = 'spiffe://';

/** A bundle beside the bytes that it was read from. */
export interface BundleEntry<Bundle> {
  readonly raw: Uint8Array;
  readonly bundle: Bundle;
}

/** Bundles by trust domain name. A `Map`, as a trust domain may be called `constructor` (ID-15). */
export type BundleEntries<Bundle> = ReadonlyMap<string, BundleEntry<Bundle>>;

/** One entry of a response that was left out, and why. */
export type BundleReport = (problem: string) => void;

/**
 * Reads the bundle map of a response (keys are trust domain IDs, W-23). An entry that cannot be read is reported and left
 * out, so that its trust domain is not trusted, and nothing else suffers (TW-7). A bundle whose bytes did not change is
 * the same object as in `previous`: the object is the generation.
 */
export function readBundleMap<Bundle>(
  map: Readonly<Record<string, Uint8Array>>,
  previous: BundleEntries<Bundle>,
  parse: (trustDomain: TrustDomain, raw: Uint8Array) => Bundle,
  report: BundleReport,
): Map<string, BundleEntry<Bundle>> {
  const entries = new Map<string, BundleEntry<Bundle>>();
  for (const [key, raw] of Object.entries(map)) {
    const trustDomain = readKey(key, report);
    if (!trustDomain) continue;
    try {
      entries.set(trustDomain.name, readBundle(trustDomain, raw, previous.get(trustDomain.name), parse));
    } catch (error) {
      report(`the bundle of ${trustDomain.id} cannot be read (${causeOf(error)}); it is not trusted`);
    }
  }
  return entries;
}

/** Parses one bundle, unless its bytes are those of `previous`. Throws what `parse` throws. */
export function readBundle<Bundle>(
  trustDomain: TrustDomain,
  raw: Uint8Array,
  previous: BundleEntry<Bundle> | undefined,
  parse: (trustDomain: TrustDomain, raw: Uint8Array) => Bundle,
): BundleEntry<Bundle> {
  if (previous && Buffer.compare(previous.raw, raw) === 0) return previous;
  // A copy: the bytes of a message are windows on the whole message, which would live as long as one of its bundles.
  const own = new Uint8Array(raw);
  return { raw: own, bundle: parse(trustDomain, own) };
}

/** Exactly `spiffe://name`; any other spelling of a trust domain is refused, not folded. */
function readKey(key: string, report: BundleReport): TrustDomain | undefined {
  try {
    if (key.startsWith(SCHEME)) return parseTrustDomain(key.slice(SCHEME.length));
  } catch {
    // Reported below.
  }
  report(`${JSON.stringify(key.slice(0, 300))} is no trust domain ID; its bundle is ignored`);
  return undefined;
}

/** What an error may show in a report: a code where there is one. */
export function causeOf(error: unknown): string {
  if (error instanceof SpiffeError) return error.code;
  return error instanceof Error ? error.message : String(error);
}
