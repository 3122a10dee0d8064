import { createPublicKey, type KeyObject } from 'node:crypto';
import { hexOf } from './byte-text.js';
import { DER_TAG, DerReader } from './der-reader.js';
import { rsaKeyWithinLimits } from './rsa-key-limits.js';
import { SpiffeError } from './spiffe-error.js';

/** What a key can be used to check, and roughly what one check costs, in units of one P-256 verification. */
export interface CertificateKeyProfile {
  readonly kind: 'ec' | 'rsa' | 'ed25519';
  readonly verificationCost: number;
}

/** AlgorithmIdentifier of an EC key on a named curve (hex of the whole DER) → length of an uncompressed point. */
const EC_POINT_BYTES: ReadonlyMap<string, { readonly pointBytes: number; readonly cost: number }> = new Map([
  ['301306072a8648ce3d020106082a8648ce3d030107', { pointBytes: 65, cost: 1 }], // P-256
  ['301006072a8648ce3d020106052b81040022', { pointBytes: 97, cost: 10 }], // P-384
  ['301006072a8648ce3d020106052b81040023', { pointBytes: 133, cost: 24 }], // P-521
]);
const RSA = '300d06092a864886f70d0101010500';
const ED25519 = '300506032b6570';

/**
 * Looks at a SubjectPublicKeyInfo without importing it: a closed list of algorithms, named curves, uncompressed points,
 * RSA keys as {@link rsaKeyWithinLimits} has them.
 *
 * @throws SpiffeError `certificate_key_unsupported`, `der_malformed`
 */
export function profilePublicKey(spki: Uint8Array): CertificateKeyProfile {
  const outer = new DerReader(spki);
  const body = outer.read(DER_TAG.sequence);
  outer.end();
  const algorithm = hexOf(body.readRaw(DER_TAG.sequence));
  const key = body.readBitStringBytes();
  body.end();

  const curve = EC_POINT_BYTES.get(algorithm);
  if (curve !== undefined) {
    if (key.length !== curve.pointBytes || key[0] !== 0x04) throw unsupported('an EC point that is not uncompressed');
    return { kind: 'ec', verificationCost: curve.cost };
  }
  if (algorithm === ED25519) {
    if (key.length !== 32) throw unsupported('an Ed25519 key of a wrong length');
    return { kind: 'ed25519', verificationCost: 3 };
  }
  if (algorithm === RSA) return profileRsaKey(key);
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

/** Imports a key that {@link profilePublicKey} let through. */
export function importPublicKey(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new SpiffeError('certificate_key_unsupported', 'certificate key: not a valid key of its kind', { cause });
  }
}

function unsupported(what: string): SpiffeError {
  return new SpiffeError('certificate_key_unsupported', `certificate key: ${what}`);
}
