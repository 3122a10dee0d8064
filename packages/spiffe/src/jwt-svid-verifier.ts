import { hash } from 'node:crypto';
import { MAX_TOKEN_BYTES } from './jwt-svid-token.js';
import { OldestOut } from './oldest-out.js';
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
   * object is returned. Refused tokens are not remembered.
   *
   * @throws SpiffeError as `verifyJwtSvid`
   */
  verify(token: string, now: number): VerifiedJwtSvid;
}

/**
 * Makes a verifier with a bounded memory of proven tokens. It holds no token text, only SHA-256 digests and claims.
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
  const proofs = new OldestOut<KnownToken>(maxCachedTokens);

  const verify = (token: string, now: number): VerifiedJwtSvid => {
    // Beyond the limit (and for no string at all) the reader refuses; nothing is hashed for it.
    if (maxCachedTokens === 0 || typeof token !== 'string' || token.length > MAX_TOKEN_BYTES)
      return proveJwtSvid(token, bundles, expectation, now).svid;
    const digest = hash('sha256', token, 'base64');
    const known = proofs.get(digest);
    if (known !== undefined && Number.isFinite(now)) {
      proofs.add(digest, known);
      known.seenAt = Math.max(known.seenAt, now);
      if (known.seenAt >= known.proof.svid.validUntil) {
        // A clock that jumps back must not revive it (TX-7).
        throw new SpiffeError('jwt_expired', 'the token has expired');
      }
      if (holds(known.proof, bundles, now)) return known.proof.svid;
    }
    const proof = proveJwtSvid(token, bundles, expectation, now);
    proofs.add(digest, { proof, seenAt: now });
    return proof.svid;
  };
  return Object.freeze({ verify });
}

/** A token that was proven, and the latest time at which it was presented. */
interface KnownToken {
  readonly proof: JwtSvidProof;
  seenAt: number;
}

/** Nothing has changed that the proof of a token rested on which is not expired. */
function holds({ svid, validFrom }: JwtSvidProof, bundles: JwtBundleSource, now: number): boolean {
  return now >= validFrom && bundles.jwtBundle(svid.id.trustDomain) === svid.bundle;
}
