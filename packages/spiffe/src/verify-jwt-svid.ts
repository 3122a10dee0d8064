import { decodeBase64Url } from './base64url.js';
import type { VerificationKey } from './json-web-key.js';
import { candidateKeys, type JwtBundle } from './jwt-bundle.js';
import { type JwtSvidToken, readJwtSvidToken } from './jwt-svid-token.js';
import type { JwtBundleSource } from './sources.js';
import { SpiffeError } from './spiffe-error.js';
import type { SpiffeId } from './spiffe-id.js';

const DEFAULT_LEEWAY_MS = 5_000;
const MAX_LEEWAY_MS = 60_000;

/** What a token is held against. */
export interface JwtSvidExpectation {
  /** Who we are: the token must name at least one of these, letter by letter (J-10). At least one, none empty (J-11). */
  readonly audience: readonly string[];
  /** How far the issuer's clock may be off, for `exp` and `nbf`: 0 to 60,000 ms, default 5,000. */
  readonly leewayMs?: number;
}

/** A JWT-SVID that is proven. Frozen. */
export interface VerifiedJwtSvid {
  readonly id: SpiffeId;
  /** All values of `aud`, ours among them. */
  readonly audience: readonly string[];
  /** `exp`, in milliseconds since the epoch. */
  readonly expiresAt: number;
  /** `exp` plus the leeway: from this instant on the token is expired. */
  readonly validUntil: number;
  /**
   * Every claim of the token, `sub`, `aud` and `exp` included. Null-prototype objects, deep frozen. Claims beyond the
   * standard's mean something only within the trust domain that asserted them (ID-14).
   */
  readonly claims: Readonly<Record<string, unknown>>;
  /** The bundle that it was proven against; while the source still returns this very object, the proof stands. */
  readonly bundle: JwtBundle;
}

/** A checked, private copy of an expectation. Not public. */
export interface CompiledExpectation {
  readonly audience: ReadonlySet<string>;
  readonly leewayMs: number;
}

/** A proven token with the first instant at which it holds, or `-Infinity`. Not public. */
export interface JwtSvidProof {
  readonly svid: VerifiedJwtSvid;
  readonly validFrom: number;
}

/**
 * Proves a JWT-SVID (JWT-SVID §2 to §5): the token is well-formed, in time, meant for us, and signed by a key that the
 * bundle of its subject's own trust domain holds. Cheap checks come first; signatures are checked last and synchronously
 * (one, or at most 8 for a token without `kid`).
 *
 * Not checked: replay (`jti`), and whether the caller is allowed to do anything. A future `iat` is no fault (J-13).
 *
 * @param options.now the time, in milliseconds since the epoch
 * @throws SpiffeError with a `jwt_…` code for a token that is refused; `expected_audience`, `leeway_out_of_range` or
 * `clock_invalid` for options that are
 */
export function verifyJwtSvid(
  token: string,
  bundles: JwtBundleSource,
  options: JwtSvidExpectation & { readonly now: number },
): VerifiedJwtSvid {
  return proveJwtSvid(token, bundles, compileExpectation(options), options.now).svid;
}

/** Checks and copies an expectation. Not public. */
export function compileExpectation({ audience, leewayMs = DEFAULT_LEEWAY_MS }: JwtSvidExpectation): CompiledExpectation {
  const valid =
    Array.isArray(audience) && audience.length > 0 && audience.every((value) => typeof value === 'string' && value !== '');
  if (!valid) throw new SpiffeError('expected_audience', 'at least one expected audience is needed, and none may be empty');
  if (typeof leewayMs !== 'number' || !(leewayMs >= 0 && leewayMs <= MAX_LEEWAY_MS)) {
    throw new SpiffeError('leeway_out_of_range', `leewayMs must be from 0 to ${MAX_LEEWAY_MS}`);
  }
  return { audience: new Set(audience), leewayMs };
}

/** The work behind {@link verifyJwtSvid}. Not public. */
export function proveJwtSvid(
  token: string,
  bundles: JwtBundleSource,
  expectation: CompiledExpectation,
  now: number,
): JwtSvidProof {
  if (!Number.isFinite(now)) throw new SpiffeError('clock_invalid', 'now must be a finite number of milliseconds');
  const parsed = readJwtSvidToken(token);
  const { id, audience, claims, expiresAt } = parsed;
  const validUntil = expiresAt + expectation.leewayMs;
  const validFrom = (parsed.notBefore ?? Number.NEGATIVE_INFINITY) - expectation.leewayMs;
  if (now >= validUntil) throw new SpiffeError('jwt_expired', 'the token has expired');
  if (now < validFrom) throw new SpiffeError('jwt_not_yet_valid', 'the token is not valid yet');
  if (!namesOneOf(audience, expectation.audience)) {
    throw new SpiffeError('jwt_audience_mismatch', 'the token is for another audience');
  }
  const bundle = bundles.jwtBundle(id.trustDomain);
  // The second test guards against a source that answers with another domain's bundle.
  if (bundle === undefined || !bundle.trustDomain.equals(id.trustDomain)) {
    throw new SpiffeError('jwt_untrusted_domain', "there is no JWT bundle for the subject's trust domain");
  }
  checkSignature(parsed, candidateKeys(bundle, parsed.algorithm, parsed.kid));
  return { svid: Object.freeze({ id, audience, expiresAt, validUntil, claims, bundle }), validFrom };
}

/** A plain loop: the methods of a frozen array are slow. */
function namesOneOf(audience: readonly string[], expected: ReadonlySet<string>): boolean {
  for (let i = 0; i < audience.length; i++) if (expected.has(audience[i] ?? '')) return true;
  return false;
}

function checkSignature(token: JwtSvidToken, keys: readonly VerificationKey[]): void {
  const signature = decodeBase64Url(token.signatureText);
  if (signature === undefined) throw new SpiffeError('jwt_encoding', 'the signature is not canonical base64url');
  const data = Buffer.from(token.signedText, 'latin1');
  const valid = keys.some(
    (key) => key.signatureBytes === signature.length && token.algorithm.check(data, key.publicKey(), signature),
  );
  if (valid) return;
  if (token.kid === undefined)
    throw new SpiffeError('jwt_no_matching_key', 'the token has no kid, and no key that fits verifies it');
  throw new SpiffeError('jwt_signature', 'the signature is not by the key that kid names');
}
