import { createPublicKey, type KeyObject } from 'node:crypto';
import { fromHex, latin1Of, sameBytes } from './byte-text.js';
import { DER_TAG, DerReader } from './der-reader.js';
import { OldestOut } from './oldest-out.js';
import { rsaKeyWithinLimits } from './rsa-key-limits.js';
import { SpiffeError } from './spiffe-error.js';

/** What a key can be used to check, and roughly what one check costs, in units of one P-256 verification. */
export interface CertificateKeyProfile {
  readonly kind: 'ec' | 'rsa' | 'ed25519';
  readonly verificationCost: number;
}

/** A named curve, by the AlgorithmIdentifier (the whole DER) of its keys, with the length of an uncompressed point. */
interface EcCurve {
  readonly algorithm: Uint8Array;
  readonly pointBytes: number;
  readonly cost: number;
}

const P256 = fromHex('301306072a8648ce3d020106082a8648ce3d030107');
const EC_CURVES: readonly EcCurve[] = [
  { algorithm: P256, pointBytes: 65, cost: 1 },
  { algorithm: fromHex('301006072a8648ce3d020106052b81040022'), pointBytes: 97, cost: 10 }, // P-384
  { algorithm: fromHex('301006072a8648ce3d020106052b81040023'), pointBytes: 133, cost: 24 }, // P-521
];
const RSA = fromHex('300d06092a864886f70d0101010500');
const ED25519 = fromHex('300506032b6570');

/**
 * Looks at a SubjectPublicKeyInfo without importing it: a closed list of algorithms, named curves, uncompressed points,
 * RSA keys as {@link rsaKeyWithinLimits} has them.
 *
 * @throws SpiffeError `certificate_key_unsupported`, `der_malformed`
 */
export function profilePublicKey(spki: Uint8Array): CertificateKeyProfile {
  const { algorithm, key } = takeApart(spki);
  const curve = EC_CURVES.find((one) => sameBytes(one.algorithm, algorithm));
  if (curve !== undefined) {
    if (key.length !== curve.pointBytes || key[0] !== 0x04) throw unsupported('an EC point that is not uncompressed');
    return { kind: 'ec', verificationCost: curve.cost };
  }
  if (sameBytes(algorithm, ED25519)) {
    if (key.length !== 32) throw unsupported('an Ed25519 key of a wrong length');
    return { kind: 'ed25519', verificationCost: 3 };
  }
  if (sameBytes(algorithm, RSA)) return profileRsaKey(key);
  throw unsupported('an algorithm or curve that is not on the list');
}

function profileRsaKey(key: Uint8Array): CertificateKeyProfile {
  const outer = new DerReader(key);
  const body = outer.read(DER_TAG.sequence);
  outer.end();
  const modulus = unsignedBytes(body.readInteger());
  const exponent = unsignedBytes(body.readInteger());
  body.end();

  const size = rsaKeyWithinLimits(modulus, exponent);
  if (size === undefined) throw unsupported('an RSA key outside of the limits');
  return { kind: 'rsa', verificationCost: size.modulusBits <= 4096 && size.exponent <= 65537 ? 1 : 9 };
}

/** Magnitude of a positive INTEGER, without the sign byte. */
function unsignedBytes(integer: Uint8Array): Uint8Array {
  if ((integer[0] ?? 0) >= 0x80) throw unsupported('a negative RSA number');
  return integer[0] === 0 ? integer.subarray(1) : integer;
}

/** SubjectPublicKeyInfo: its AlgorithmIdentifier, the whole DER, and the key itself. */
function takeApart(spki: Uint8Array): { readonly algorithm: Uint8Array; readonly key: Uint8Array } {
  const outer = new DerReader(spki);
  const body = outer.read(DER_TAG.sequence);
  outer.end();
  const algorithm = body.readRaw(DER_TAG.sequence);
  const key = body.readBitStringBytes();
  body.end();
  return { algorithm, key };
}

/** By their SubjectPublicKeyInfo, which alone decides what a key is. */
const remembered = new OldestOut<KeyObject>(256);

/** Imports a key that {@link profilePublicKey} let through, unless it is remembered. */
export function importPublicKey(spki: Uint8Array): KeyObject {
  const known = remembered.get(latin1Of(spki));
  if (known !== undefined) return known;
  try {
    const { algorithm, key } = takeApart(spki);
    if (sameBytes(algorithm, P256)) return importP256Point(Buffer.from(key));
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new SpiffeError('certificate_key_unsupported', 'certificate key: not a valid key of its kind', { cause });
  }
}

/**
 * Remembers an imported key for other certificates that hold it: all leaves of an issuer bring the same intermediates, and importing
 * takes as long as a signature check. Only for a CA of a proven path: what strangers send neither gets in nor pushes others out.
 */
export function rememberPublicKey(spki: Uint8Array, key: KeyObject): void {
  remembered.add(latin1Of(spki), key);
}

/**
 * As a JWK, which takes node:crypto half as long as DER; on the larger curves it takes several times as long, as it multiplies
 * by the order. Either way the point is checked to be one of the curve.
 */
function importP256Point(point: Buffer): KeyObject {
  const x = point.toString('base64url', 1, 33);
  const y = point.toString('base64url', 33);
  return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
}

function unsupported(what: string): SpiffeError {
  return new SpiffeError('certificate_key_unsupported', `certificate key: ${what}`);
}
