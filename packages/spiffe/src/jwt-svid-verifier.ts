import { hash } from 'node:crypto';
import { copyOf } from './copied-text.js';
import { MAX_TOKEN_BYTES } from './jwt-svid-token.js';
import { ProofMemory } from './proof-memory.js';
import type { JwtBundleSource } from './sources.js';
import { SpiffeError } from './spiffe-error.js';
import {
  compileExpectation,
  type JwtSvidExpectation,
  type JwtSvidProof,
  proveJwtSvid,
  type VerifiedJwtSvid,
} from './verify-jwt-svid.js';

const DEFAULT_MAX_CACHED_TOKENS = 4096;
/** Usual tokens have ten claims or so; one of 8 KiB can hold thousands, at a hundred bytes of memory each. */
const MAX_CACHED_VALUES = 256;

/** How {@link createJwtSvidVerifier} is made. */
export interface JwtSvidVerifierOptions extends JwtSvidExpectation {
  readonly bundles: JwtBundleSource;
  /** How many proven tokens are remembered, least recently used first out; 0 remembers none. Default 4096. */
  readonly maxCachedTokens?: number;
}

/** Proves JWT-SVIDs, each of them once. */
export interface JwtSvidVerifier {
  /**
   * As `verifyJwtSvid`, at `now` in milliseconds since the epoch. A token that was proven before costs one hash, while
   * its trust domain's bundle is still the same object and `now` lies within the token's time; then the very same
   * object is returned. One that was proven once, and seen expired later, stays expired while it is remembered, also when the clock
   * jumps back (TX-7). Tokens that were never proven are not remembered.
   *
   * @throws SpiffeError as `verifyJwtSvid`
   */
  verify(token: string, now: number): VerifiedJwtSvid;
}

/** What a token proves, and with which signature. */
interface ProvenToken extends JwtSvidProof {
  readonly signatureText: string;
}

/**
 * Makes a verifier with a bounded memory of proven tokens: digests, claims and signatures, without the texts that were signed. A
 * token with more than 256 claims, counted with all that is in them, is proven each time.
 *
 * @throws SpiffeError `expected_audience`, `leeway_out_of_range`
 * @throws RangeError when `maxCachedTokens` is not a non-negative integer
 */
export function createJwtSvidVerifier(options: JwtSvidVerifierOptions): JwtSvidVerifier {
  const { bundles, maxCachedTokens = DEFAULT_MAX_CACHED_TOKENS } = options;
  if (!Number.isSafeInteger(maxCachedTokens) || maxCachedTokens < 0) {
    throw new RangeError('maxCachedTokens must be a non-negative integer');
  }
  const expectation = compileExpectation(options);
  const memory = new ProofMemory<ProvenToken>(maxCachedTokens);

  const verify = (token: string, now: number): VerifiedJwtSvid => {
    // Beyond the limit (and for no string at all) the reader refuses; nothing is hashed for it.
    if (maxCachedTokens === 0 || !Number.isFinite(now) || typeof token !== 'string' || token.length > MAX_TOKEN_BYTES)
      return proveJwtSvid(token, bundles, expectation, now).svid;
    const signedEnd = token.lastIndexOf('.');
    const digest = hash('sha256', token.slice(0, signedEnd), 'base64');
    const known = memory.see(digest, now);
    if (known !== undefined && known.seenAt >= known.validUntil) throw new SpiffeError('jwt_expired', 'the token has expired');
    const signatureText = token.slice(signedEnd + 1);
    const before = known?.proof;
    if (before !== undefined && before.signatureText === signatureText && holds(before, bundles, now)) return before.svid;
    const { svid, validFrom } = proveJwtSvid(token, bundles, expectation, now);
    const fits = countValues(svid.claims, MAX_CACHED_VALUES) <= MAX_CACHED_VALUES;
    const proof = fits ? { svid, validFrom, signatureText: copyOf(signatureText) } : undefined;
    memory.keep(digest, known?.seenAt ?? now, svid, proof);
    return svid;
  };
  return Object.freeze({ verify });
}

/** Nothing has changed that the proof of a token rested on which is not expired. */
function holds({ svid, validFrom }: JwtSvidProof, bundles: JwtBundleSource, now: number): boolean {
  return now >= validFrom && bundles.jwtBundle(svid.id.trustDomain) === svid.bundle;
}

/** How many values there are in an object or a list, at all depths; no further than it takes to exceed `limit`. */
function countValues(container: object, limit: number): number {
  let count = 0;
  for (const value of Object.values(container)) {
    count += 1;
    if (typeof value === 'object' && value !== null) count += countValues(value, limit - count);
    if (count > limit) break;
  }
  return count;
}
