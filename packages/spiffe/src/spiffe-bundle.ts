import { decodeBase64 } from './base64.js';
import { readBundleDocument, readKeyElements } from './bundle-document.js';
import type { Certificate } from './certificate.js';
import { isPrivateKey } from './json-web-key.js';
import { type JwtBundle, readJwtBundle } from './jwt-bundle.js';
import { SpiffeError } from './spiffe-error.js';
import { type ExactNumber, isJsonObject, type JsonObject, type JsonValue } from './strict-json.js';
import type { TrustDomain } from './trust-domain.js';
import { parseAuthority, type X509Bundle, x509BundleOf } from './x509-bundle.js';

const MAX_SEQUENCE = 2n ** 64n - 1n;
const MAX_REFRESH_HINT_SECONDS = BigInt(Math.floor(Number.MAX_SAFE_INTEGER / 1000));
/** Types of the keys that a CA of ours can have; Ed25519 is an `OKP`. */
const CA_KEY_TYPES: ReadonlySet<unknown> = new Set(['EC', 'RSA', 'OKP']);

/** What {@link createSpiffeBundle} makes a bundle of. */
export interface SpiffeBundleContent {
  /** Default: none, so that no X509-SVID of the trust domain is valid. */
  readonly x509Bundle?: X509Bundle | undefined;
  /** Default: none, so that no JWT-SVID of the trust domain is valid. */
  readonly jwtBundle?: JwtBundle | undefined;
  /** From 0 to 2^64 - 1, higher with each change of the content (B-8). Left out: not stated. */
  readonly sequence?: bigint | undefined;
  /** How often to look for a new bundle; whole seconds, in milliseconds. Left out: not stated. */
  readonly refreshHintMs?: number | undefined;
}

let create: (trustDomain: TrustDomain, content: Required<SpiffeBundleContent>) => SpiffeBundle;

/**
 * Everything that one trust domain publishes about itself, at one moment: its authorities for X509-SVIDs and for JWT-SVIDs, kept
 * apart (J-16). Immutable. Either bundle may be empty: then no SVID of that kind is valid (B-2, X-23).
 */
export class SpiffeBundle {
  /** Whose bundle this is. It stands beside the document, never in it (B-11). */
  readonly trustDomain: TrustDomain;
  readonly x509Bundle: X509Bundle;
  readonly jwtBundle: JwtBundle;
  /** `spiffe_sequence`, exact (B-7). Higher means later. */
  readonly sequence: bigint | undefined;
  /** `spiffe_refresh_hint` in milliseconds, as it was published: zero is possible. Who polls puts bounds to it (B-10, F-13). */
  readonly refreshHintMs: number | undefined;

  static {
    create = (trustDomain, content) => new SpiffeBundle(trustDomain, content);
  }

  private constructor(trustDomain: TrustDomain, content: Required<SpiffeBundleContent>) {
    this.trustDomain = trustDomain;
    this.x509Bundle = content.x509Bundle ?? x509BundleOf(trustDomain, []);
    this.jwtBundle = content.jwtBundle ?? readJwtBundle(trustDomain, [], 'ignore');
    this.sequence = content.sequence;
    this.refreshHintMs = content.refreshHintMs;
    Object.freeze(this);
  }

  /** True when trust domain, authorities of both kinds, sequence and refresh hint are the same. The order of keys does not count. */
  equals(other: SpiffeBundle): boolean {
    return (
      this.x509Bundle.equals(other.x509Bundle) &&
      this.jwtBundle.equals(other.jwtBundle) &&
      this.sequence === other.sequence &&
      this.refreshHintMs === other.refreshHintMs
    );
  }
}

/**
 * Joins what one trust domain has, so that it can be published.
 *
 * @throws SpiffeError `bundle_of_other_trust_domain`
 * @throws RangeError when `sequence` or `refreshHintMs` cannot be published
 */
export function createSpiffeBundle(trustDomain: TrustDomain, content: SpiffeBundleContent): SpiffeBundle {
  const { x509Bundle, jwtBundle, sequence, refreshHintMs } = content;
  for (const bundle of [x509Bundle, jwtBundle]) {
    if (bundle !== undefined && !bundle.trustDomain.equals(trustDomain)) {
      throw new SpiffeError('bundle_of_other_trust_domain', 'a SPIFFE bundle holds keys of its own trust domain only');
    }
  }
  if (sequence !== undefined && !isUpTo(sequence, MAX_SEQUENCE)) {
    throw new RangeError('sequence must be a bigint from 0 to 2^64 - 1');
  }
  if (refreshHintMs !== undefined && !(Number.isSafeInteger(refreshHintMs) && refreshHintMs >= 0 && refreshHintMs % 1000 === 0)) {
    throw new RangeError('refreshHintMs must be a whole number of seconds');
  }
  return create(trustDomain, { x509Bundle, jwtBundle, sequence, refreshHintMs });
}

/**
 * Reads a SPIFFE bundle document (SPIFFE Trust Domain and Bundle §4) as the bundle of `trustDomain`.
 *
 * A key counts only with `use` = `x509-svid` or `jwt-svid` (B-4, B-5, D8). Of an X.509 key only the first value of `x5c` is read
 * and an element without a readable CA certificate there is ignored; JWT keys are judged as `parseJwtBundle` does.
 * An element that is ignored never fails the document, and a document with none left is a valid bundle that trusts nothing (B-2).
 * Not checked: where the document came from, whether it really is of that trust domain, and whether `spiffe_sequence` has risen.
 *
 * @throws SpiffeError `jwks_too_large` (above 4 MiB), `jwks_malformed`, `jwks_duplicate_member`, `jwks_too_deep`,
 * `bundle_sequence`, `bundle_refresh_hint`
 */
export function parseSpiffeBundle(trustDomain: TrustDomain, document: string | Uint8Array): SpiffeBundle {
  const value = readBundleDocument(document, 'jwks');
  const refreshHint = isJsonObject(value) ? value['spiffe_refresh_hint'] : undefined;
  return readSpiffeBundle(trustDomain, value, readRefreshHint(refreshHint));
}

/** {@link parseSpiffeBundle} of JSON that is read already, its refresh hint given or left out (B-15). Not public. */
export function readSpiffeBundle(
  trustDomain: TrustDomain,
  document: JsonValue<ExactNumber>,
  refreshHintMs: number | undefined,
): SpiffeBundle {
  const elements = readKeyElements(document);
  return create(trustDomain, {
    x509Bundle: x509BundleOf(
      trustDomain,
      elements.map(readAuthority).filter((authority) => authority !== undefined),
    ),
    jwtBundle: readJwtBundle(trustDomain, elements, 'ignore'),
    sequence: readSequence(isJsonObject(document) ? document['spiffe_sequence'] : undefined),
    refreshHintMs,
  });
}

/** The CA of one element, or `undefined` when the element must be ignored. What else the JWK says of the key is not read. */
function readAuthority(element: JsonObject<ExactNumber>): Certificate | undefined {
  const { use, kty, x5c } = element;
  if (use !== 'x509-svid' || !CA_KEY_TYPES.has(kty) || isPrivateKey(element) || !Array.isArray(x5c)) return undefined;
  const first: unknown = x5c[0];
  const der = typeof first === 'string' ? decodeBase64(first) : undefined;
  if (der === undefined) return undefined;
  try {
    return parseAuthority(der);
  } catch (error) {
    if (error instanceof SpiffeError) return undefined;
    throw error;
  }
}

function readSequence(value: JsonValue<ExactNumber> | undefined): bigint | undefined {
  if (value === undefined || isUpTo(value, MAX_SEQUENCE)) return value;
  throw new SpiffeError('bundle_sequence', 'spiffe_sequence must be an integer from 0 to 2^64 - 1');
}

function readRefreshHint(value: JsonValue<ExactNumber> | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (isUpTo(value, MAX_REFRESH_HINT_SECONDS)) return Number(value) * 1000;
  throw new SpiffeError('bundle_refresh_hint', 'spiffe_refresh_hint must be an integer of seconds');
}

function isUpTo(value: unknown, max: bigint): value is bigint {
  return typeof value === 'bigint' && value >= 0n && value <= max;
}
