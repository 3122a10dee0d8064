import { readJwtSvidToken } from './jwt-svid-token.js';
import type { SpiffeId } from './spiffe-id.js';

/** What a token says of itself. Proven by nothing. */
export interface UnverifiedJwtSvid {
  readonly id: SpiffeId;
  readonly audience: readonly string[];
  /** `exp`, in milliseconds since the epoch. */
  readonly expiresAt: number;
  /** `iat`, in milliseconds since the epoch, when there is one. */
  readonly issuedAt?: number;
}

/**
 * Reads a token **without checking its signature, its time or its audience**: for a workload that looks at tokens of its
 * own, fresh from the Workload API. What others send is read by `verifyJwtSvid` only.
 * The form is checked as strictly as there (J-1 to J-3, J-5, J-8, J-9, J-14, J-26, J-27).
 *
 * @throws SpiffeError with a `jwt_…` code
 */
export function parseUnverifiedJwtSvid(token: string): UnverifiedJwtSvid {
  const { id, audience, expiresAt, issuedAt } = readJwtSvidToken(token);
  return Object.freeze({ id, audience, expiresAt, ...(issuedAt === undefined ? {} : { issuedAt }) });
}
