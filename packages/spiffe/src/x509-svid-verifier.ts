import { latin1Of } from './byte-text.js';
import { requireUsage } from './certificate-rules.js';
import { OldestOut } from './oldest-out.js';
import type { X509BundleSource } from './sources.js';
import { type VerifiedX509Svid, verifyX509Svid, type X509SvidExpectation } from './verify-x509-svid.js';

const DEFAULT_MAX_CACHED_CHAINS = 1024;
/** Usual chains have a few KiB; larger ones are proven each time, so that memory stays bounded in bytes too. */
const MAX_CACHED_CHAIN_BYTES = 16 * 1024;

/** How {@link createX509SvidVerifier} is made. */
export interface X509SvidVerifierOptions extends X509SvidExpectation {
  readonly bundles: X509BundleSource;
  /** How many proven chains are remembered, least recently used first out; 0 remembers none. Default 1024. */
  readonly maxCachedChains?: number;
}

/** Proves X509-SVIDs, each of them once. */
export interface X509SvidVerifier {
  /**
   * As `verifyX509Svid`, at `now` in milliseconds since the epoch. A chain that was proven before, byte for byte, costs a
   * look-up while its trust domain's bundle is still the same object and time lies within the path's; then the very same
   * object is returned. Time does not run backwards for a remembered leaf: it is judged at the latest instant at which it was
   * presented, so a clock that jumps back revives nothing (TX-7). Refused chains are not remembered.
   * Not checked, as ever: possession of the private key. A remembered proof says nothing about a new connection but that.
   *
   * @throws SpiffeError as `verifyX509Svid`
   */
  verify(chain: readonly Uint8Array[], now: number): VerifiedX509Svid;
}

/** The chain that was last proven for a leaf, and the latest instant at which the leaf was presented. */
interface KnownChain {
  readonly certificates: readonly Uint8Array[];
  readonly svid: VerifiedX509Svid;
  seenAt: number;
}

/**
 * Makes a verifier with a bounded memory of proven chains, one for each leaf; no chain beyond 16 KiB is kept.
 *
 * @throws TypeError when `usage` is not one of its two values
 * @throws RangeError when `maxCachedChains` is not a non-negative integer
 */
export function createX509SvidVerifier(options: X509SvidVerifierOptions): X509SvidVerifier {
  const { bundles, usage, requireBothUsages = false, maxCachedChains = DEFAULT_MAX_CACHED_CHAINS } = options;
  requireUsage(usage);
  if (!Number.isSafeInteger(maxCachedChains) || maxCachedChains < 0) {
    throw new RangeError('maxCachedChains must be a non-negative integer');
  }
  const known = new OldestOut<KnownChain>(maxCachedChains);
  const prove = (chain: readonly Uint8Array[], now: number) => verifyX509Svid(chain, bundles, { now, usage, requireBothUsages });

  const verify = (chain: readonly Uint8Array[], now: number): VerifiedX509Svid => {
    if (maxCachedChains === 0 || !Number.isFinite(now) || !isCacheable(chain)) return prove(chain, now);
    const [leaf] = chain;
    const key = tailOf(leaf);
    const found = known.get(key);
    const before = found !== undefined && sameCertificate(found.certificates[0], leaf) ? found : undefined;
    const at = before === undefined ? now : Math.max(before.seenAt, now);
    if (before !== undefined) {
      known.add(key, before);
      before.seenAt = at;
      if (holds(before, chain, at) && bundles.x509Bundle(before.svid.id.trustDomain) === before.svid.bundle) return before.svid;
    }
    const svid = prove(chain, at);
    known.add(key, { certificates: chain.map((der) => new Uint8Array(der)), svid, seenAt: at });
    return svid;
  };
  return Object.freeze({ verify });
}

/** The end of a leaf's signature: enough to find what is known of it, and shorter than all its bytes, which are compared then. */
function tailOf(leaf: Uint8Array): string {
  return latin1Of(leaf.subarray(-24));
}

function isCacheable(chain: readonly Uint8Array[]): chain is readonly [Uint8Array, ...Uint8Array[]] {
  if (!Array.isArray(chain) || chain.length === 0) return false;
  let bytes = 0;
  for (const der of chain) {
    if (!(der instanceof Uint8Array)) return false;
    bytes += der.length;
  }
  return bytes <= MAX_CACHED_CHAIN_BYTES;
}

/** The same certificates in the same order, in their time. */
function holds({ certificates, svid }: KnownChain, chain: readonly Uint8Array[], at: number): boolean {
  if (at < svid.validFrom || at > svid.validUntil || certificates.length !== chain.length) return false;
  // The leaf was compared before.
  for (let index = 1; index < chain.length; index++) if (!sameCertificate(certificates[index], chain[index])) return false;
  return true;
}

function sameCertificate(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one !== undefined && other !== undefined && Buffer.compare(one, other) === 0;
}
