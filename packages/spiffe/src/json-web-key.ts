import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { decodeBase64Url } from './base64url.js';
import { copyOf } from './copied-text.js';
import { type CurveName, isOnCurve } from './elliptic-curve.js';
import { type JwtAlgorithmSpec, jwtAlgorithm, type KeyFamily } from './jwt-algorithms.js';
import { rsaKeyWithinLimits } from './rsa-key-limits.js';
import type { ExactNumber, JsonObject, JsonValue } from './strict-json.js';

/** A public key that may verify JWT-SVIDs. */
export interface VerificationKey {
  readonly kid: string;
  readonly family: KeyFamily;
  /** The only algorithm that the key may be used with, when its JWK says so (RFC 7517 §4.4). */
  readonly algorithm: JwtAlgorithmSpec | undefined;
  /** Exact length of every signature by this key. */
  readonly signatureBytes: number;
  /** The members of the public key itself (`kty` and the numbers), always in the same order. Frozen. */
  readonly jwk: JsonWebKey;
  /** The imported key; the first call imports it. */
  readonly publicKey: () => KeyObject;
}

const CURVES: ReadonlyMap<JsonValue<ExactNumber> | undefined, { readonly family: CurveName; readonly coordinateBytes: number }> =
  new Map([
    ['P-256', { family: 'P-256', coordinateBytes: 32 }],
    ['P-384', { family: 'P-384', coordinateBytes: 48 }],
    ['P-521', { family: 'P-521', coordinateBytes: 66 }],
  ]);
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

interface KeyMaterial {
  readonly family: KeyFamily;
  readonly signatureBytes: number;
  /** Built member by member, so that nothing else of the document reaches node:crypto. */
  readonly jwk: JsonWebKey;
}

/**
 * Reads one element of a JWK Set as a verification key, or `undefined` when it must be ignored (J-20, B-3): a private or
 * symmetric key, an unknown type or curve, no `kid`, RSA outside of the limits, a point off its curve, an `alg` or `key_ops` that never verifies. `use` is the caller's to judge.
 */
export function readVerificationKey(jwk: JsonObject<ExactNumber>): VerificationKey | undefined {
  const { kid, kty, alg, key_ops: operations } = jwk;
  if (typeof kid !== 'string' || kid === '') return undefined;
  if (isPrivateKey(jwk)) return undefined;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return undefined;
  const material = kty === 'EC' ? ecMaterial(jwk) : kty === 'RSA' ? rsaMaterial(jwk) : undefined;
  if (material === undefined) return undefined;
  const algorithm = jwtAlgorithm(alg);
  if (alg !== undefined && algorithm?.family !== material.family) return undefined;
  const { family, signatureBytes } = material;
  const members = Object.freeze(material.jwk);
  return Object.freeze({
    kid: copyOf(kid),
    family,
    algorithm,
    signatureBytes,
    jwk: members,
    publicKey: importOnce(members),
  });
}

/** True for a JWK that gives away a private or a symmetric key: whoever could read it can sign with it. */
export function isPrivateKey(jwk: JsonObject<ExactNumber>): boolean {
  return PRIVATE_MEMBERS.some((member) => member in jwk);
}

/**
 * Importing costs 25 to 1,000 µs a key; a response may bring 20,000 bundles, and one hostile document as many keys.
 * Everything that import would refuse was refused before, so it waits for the first token that names the key.
 */
function importOnce(jwk: JsonWebKey): () => KeyObject {
  let publicKey: KeyObject | undefined;
  return () => {
    publicKey ??= createPublicKey({ key: jwk, format: 'jwk' });
    return publicKey;
  };
}

function ecMaterial({ crv, x, y }: JsonObject<ExactNumber>): KeyMaterial | undefined {
  const curve = CURVES.get(crv);
  if (curve === undefined || typeof x !== 'string' || typeof y !== 'string') return undefined;
  // RFC 7518 §6.2.1.2: always the full length of the field.
  const { family, coordinateBytes } = curve;
  const [xBytes, yBytes] = [decodeBase64Url(x), decodeBase64Url(y)];
  if (xBytes?.length !== coordinateBytes || yBytes?.length !== coordinateBytes) return undefined;
  if (!isOnCurve(family, xBytes, yBytes)) return undefined;
  return { family, signatureBytes: 2 * coordinateBytes, jwk: { kty: 'EC', crv: family, x: copyOf(x), y: copyOf(y) } };
}

function rsaMaterial({ n, e }: JsonObject<ExactNumber>): KeyMaterial | undefined {
  if (typeof n !== 'string' || typeof e !== 'string') return undefined;
  const modulus = decodeBase64Url(n);
  const exponent = decodeBase64Url(e);
  // Base64urlUInt has no leading zero octets (RFC 7518 §2), so its bytes are what the limits are about.
  if (modulus === undefined || exponent === undefined || rsaKeyWithinLimits(modulus, exponent) === undefined) return undefined;
  return { family: 'RSA', signatureBytes: modulus.length, jwk: { kty: 'RSA', n: copyOf(n), e: copyOf(e) } };
}
