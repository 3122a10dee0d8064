import { hash } from 'node:crypto';
import { MAX_TOKEN_BYTES } from './jwt-svid-token.js';
import type { JwtBundleSource } from './sources.js';
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
  // A Map iterates in order of insertion: its first key is the one used least recently.
  const proofs = new Map<string, JwtSvidProof>();

  const verify = (token: string, now: number): VerifiedJwtSvid => {
    // Beyond the limit (and for no string at all) the reader refuses; nothing is hashed for it.
    if (maxCachedTokens === 0 || typeof token !== 'string' || token.length > MAX_TOKEN_BYTES)
      return proveJwtSvid(token, bundles, expectation, now).svid;
    const digest = hash('sha256', token, 'base64');
    const known = proofs.get(digest);
    if (known !== undefined) {
      proofs.delete(digest);
      if (holds(known, bundles, now)) {
        proofs.set(digest, known);
        return known.svid;
      }
    }
    const proof = proveJwtSvid(token, bundles, expectation, now);
    proofs.set(digest, proof);
    if (proofs.size > maxCachedTokens) {
      for (const oldest of proofs.keys()) {
        proofs.delete(oldest);
        break;
      }
    }
    return proof.svid;
  };
  return Object.freeze({ verify });
}

/** Nothing that the proof rested on has changed. False for a clock that is not a number. */
function holds({ svid, validFrom }: JwtSvidProof, bundles: JwtBundleSource, now: number): boolean {
  return now >= validFrom && now < svid.validUntil && bundles.jwtBundle(svid.id.trustDomain) === svid.bundle;
}
