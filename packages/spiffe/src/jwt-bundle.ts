import { readBundleDocument, readKeyElements } from './bundle-document.js';
import { readVerificationKey, type VerificationKey } from './json-web-key.js';
import type { JwtAlgorithmSpec } from './jwt-algorithms.js';
import { SpiffeError } from './spiffe-error.js';
import type { ExactNumber, JsonObject } from './strict-json.js';
import type { TrustDomain } from './trust-domain.js';

const MAX_TRIALS = 8;

/** How {@link parseJwtBundle} reads. */
export interface ParseJwtBundleOptions {
  /**
   * What a key without `use` is. `'jwt-svid'` in a JWT bundle of the Workload API, where SPIRE leaves `use` out (J-18);
   * `'ignore'` in a SPIFFE bundle document, which holds keys of several kinds (J-17). There is no default (D8).
   */
  readonly keysWithoutUse: 'jwt-svid' | 'ignore';
}

let create: (trustDomain: TrustDomain, keys: readonly VerificationKey[]) => JwtBundle;
let usable: (bundle: JwtBundle) => readonly VerificationKey[];
let select: (bundle: JwtBundle, algorithm: JwtAlgorithmSpec, kid: string | undefined) => readonly VerificationKey[];

/**
 * The keys that verify JWT-SVIDs of one trust domain, at one moment. Immutable; made by {@link parseJwtBundle} only.
 * A bundle may hold no key at all: then every JWT-SVID of its trust domain is invalid (B-2).
 */
export class JwtBundle {
  /** Whose keys these are. It stands beside the document, never in it (B-11). */
  readonly trustDomain: TrustDomain;
  /** The `kid` of every usable key, in the document's order. Frozen. */
  readonly keyIds: readonly string[];
  /** Usable keys by `kid`; `undefined` marks a `kid` that several keys claim. */
  readonly #byKid: ReadonlyMap<string, VerificationKey | undefined>;

  static {
    create = (trustDomain, keys) => new JwtBundle(trustDomain, keys);
    usable = (bundle) => [...bundle.#byKid.values()].filter((key) => key !== undefined);
    select = (bundle, algorithm, kid) => (kid === undefined ? bundle.#trialKeys(algorithm) : [bundle.#namedKey(algorithm, kid)]);
  }

  private constructor(trustDomain: TrustDomain, keys: readonly VerificationKey[]) {
    const byKid = new Map<string, VerificationKey | undefined>();
    for (const key of keys) byKid.set(key.kid, byKid.has(key.kid) ? undefined : key);
    this.trustDomain = trustDomain;
    this.#byKid = byKid;
    this.keyIds = Object.freeze([...byKid].filter(([, key]) => key !== undefined).map(([kid]) => kid));
    Object.freeze(this);
  }

  /**
   * True for a bundle of the same trust domain with the same usable keys, each under the same `kid` and for the same `alg`. Their
   * order does not count: SPIRE sends it at random.
   */
  equals(other: JwtBundle): boolean {
    if (this === other) return true;
    if (!this.trustDomain.equals(other.trustDomain) || this.keyIds.length !== other.keyIds.length) return false;
    return this.keyIds.every((kid) => isSameKey(this.#byKid.get(kid), other.#byKid.get(kid)));
  }

  #namedKey(algorithm: JwtAlgorithmSpec, kid: string): VerificationKey {
    const key = this.#byKid.get(kid);
    if (key === undefined) {
      if (this.#byKid.has(kid)) throw new SpiffeError('jwt_key_ambiguous', "several keys of the bundle have the token's kid");
      throw new SpiffeError('jwt_key_unknown', "no key of the bundle has the token's kid");
    }
    if (!fits(key, algorithm)) throw new SpiffeError('jwt_key_mismatch', "the key with the token's kid is not one for its alg");
    return key;
  }

  #trialKeys(algorithm: JwtAlgorithmSpec): readonly VerificationKey[] {
    const keys: VerificationKey[] = [];
    for (const key of this.#byKid.values()) {
      if (key !== undefined && fits(key, algorithm) && keys.push(key) === MAX_TRIALS) break;
    }
    return keys;
  }
}

/**
 * Reads a JWK Set (RFC 7517 §5, SPIFFE bundle §4) as the JWT bundle of `trustDomain`. Every key is checked here, and imported
 * into node:crypto once, when the first token needs it.
 *
 * Elements that are no key for JWT-SVIDs, and keys that cannot be used safely, are left out; the rest counts (B-3 to
 * B-6, J-17, J-18, J-20). Keys that share a `kid` are not usable at all (J-21). An empty set is a valid bundle that
 * trusts nothing. Not checked: where the document came from, and whether it really is of that trust domain.
 *
 * @throws SpiffeError `jwks_too_large` (above 4 MiB), `jwks_malformed`, `jwks_duplicate_member`, `jwks_too_deep`
 * @throws TypeError when `keysWithoutUse` is not one of its two values
 */
export function parseJwtBundle(trustDomain: TrustDomain, jwks: string | Uint8Array, options: ParseJwtBundleOptions): JwtBundle {
  const { keysWithoutUse } = options;
  if (keysWithoutUse !== 'jwt-svid' && keysWithoutUse !== 'ignore') {
    throw new TypeError("keysWithoutUse must be 'jwt-svid' or 'ignore'");
  }
  return readJwtBundle(trustDomain, readKeyElements(readBundleDocument(jwks, 'jwks')), keysWithoutUse);
}

/** {@link parseJwtBundle} of the elements of a JWK Set that is read already. Not public. */
export function readJwtBundle(
  trustDomain: TrustDomain,
  elements: readonly JsonObject<ExactNumber>[],
  keysWithoutUse: ParseJwtBundleOptions['keysWithoutUse'],
): JwtBundle {
  const keys: VerificationKey[] = [];
  for (const element of elements) {
    const { use = keysWithoutUse } = element;
    const key = use === 'jwt-svid' ? readVerificationKey(element) : undefined;
    if (key !== undefined) keys.push(key);
  }
  return create(trustDomain, keys);
}

/** The keys of `bundle` that a token can name, in the order of {@link JwtBundle.keyIds}. Not public. */
export function usableKeys(bundle: JwtBundle): readonly VerificationKey[] {
  return usable(bundle);
}

/**
 * The keys of `bundle` to check a token with: the one that `kid` names, or without a `kid` (D2) up to 8 that fit.
 * Not public.
 *
 * @throws SpiffeError `jwt_key_unknown`, `jwt_key_ambiguous`, `jwt_key_mismatch`
 */
export function candidateKeys(bundle: JwtBundle, algorithm: JwtAlgorithmSpec, kid?: string): readonly VerificationKey[] {
  return select(bundle, algorithm, kid);
}

function fits(key: VerificationKey, algorithm: JwtAlgorithmSpec): boolean {
  return key.family === algorithm.family && (key.algorithm === undefined || key.algorithm === algorithm);
}

function isSameKey(a: VerificationKey | undefined, b: VerificationKey | undefined): boolean {
  return a !== undefined && b !== undefined && a.algorithm === b.algorithm && JSON.stringify(a.jwk) === JSON.stringify(b.jwk);
}
