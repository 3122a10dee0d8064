import { latin1Of } from './byte-text.js';
import { requireUsage } from './certificate-rules.js';
import { DER_TAG, DerReader } from './der-reader.js';
import { OldestOut } from './oldest-out.js';
import { type KnownCredential, ProofMemory } from './proof-memory.js';
import type { X509BundleSource } from './sources.js';
import { type VerifiedX509Svid, verifyX509Svid, type X509SvidExpectation } from './verify-x509-svid.js';
import { chainBytes, isWithinLimits } from './x509-chain.js';

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
   * object is returned. Time does not run backwards for a leaf that was proven once and is remembered: it is judged at the latest
   * instant at which it was presented, so a clock that jumps back does not revive it (TX-7). Chains that were never proven are not
   * remembered.
   * Not checked, as ever: possession of the private key. A remembered proof says nothing about a new connection but that.
   *
   * @throws SpiffeError as `verifyX509Svid`
   */
  verify(chain: readonly Uint8Array[], now: number): VerifiedX509Svid;
}

/** A chain, as it was presented, and what it proves. */
interface ProvenChain {
  readonly certificates: readonly Uint8Array[];
  readonly svid: VerifiedX509Svid;
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
  const memory = new ProofMemory<ProvenChain>(maxCachedChains);
  const byTail = new OldestOut<KnownCredential<ProvenChain>>(maxCachedChains);
  const prove = (chain: readonly Uint8Array[], now: number) => verifyX509Svid(chain, bundles, { now, usage, requireBothUsages });

  const verify = (chain: readonly Uint8Array[], now: number): VerifiedX509Svid => {
    // What is too large, or no chain at all, is refused; nothing is looked up for it.
    if (maxCachedChains === 0 || !Number.isFinite(now) || !isWithinLimits(chain)) return prove(chain, now);
    const tail = tailOf(chain);
    const same = byTail.get(tail);
    // What the memory has forgotten, or holds anew, is not what it knows of the leaf any more.
    if (same?.proof !== undefined && isSameChain(same.proof.certificates, chain) && memory.see(same.key, now) === same) {
      byTail.add(tail, same);
      const { svid } = same.proof;
      if (same.seenAt <= svid.validUntil && bundles.x509Bundle(svid.id.trustDomain) === svid.bundle) return svid;
    }
    const key = signedTextOf(chain[0]);
    const at = memory.see(key, now)?.seenAt ?? now;
    const svid = prove(chain, at);
    const fits = chainBytes(chain) <= MAX_CACHED_CHAIN_BYTES;
    const proof = fits ? { certificates: chain.map((der) => new Uint8Array(der)), svid } : undefined;
    byTail.add(tail, memory.keep(key, at, svid, proof));
    return svid;
  };
  return Object.freeze({ verify });
}

/** The end of the leaf's signature: the short way to a chain that is remembered, of which every byte is compared then. */
function tailOf([leaf]: readonly Uint8Array[]): string {
  return latin1Of((leaf ?? new Uint8Array()).subarray(-24));
}

/** What the issuer signed of a leaf, as text. @throws SpiffeError `der_malformed` */
function signedTextOf(leaf: Uint8Array | undefined): string {
  return latin1Of(new DerReader(leaf ?? new Uint8Array()).read(DER_TAG.sequence).readRaw(DER_TAG.sequence));
}

/** Byte for byte: another signature of the same leaf is another chain, and so are other intermediates. */
function isSameChain(one: readonly Uint8Array[], other: readonly Uint8Array[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) {
    const [left, right] = [one[index], other[index]];
    if (left === undefined || right === undefined || Buffer.compare(left, right) !== 0) return false;
  }
  return true;
}
