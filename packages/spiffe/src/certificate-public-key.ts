import { createPublicKey, type KeyObject } from 'node:crypto';
import { hexOf } from './byte-text.js';
import { DER_TAG, DerReader } from './der-reader.js';
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

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;

/**
 * Looks at a SubjectPublicKeyInfo without importing it: a closed list of algorithms, named curves, uncompressed points,
 * RSA moduli of 2048 to 8192 bits with an odd exponent from 3 to below 2^32 (Limits).
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

  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) throw unsupported('an RSA modulus outside of 2048 to 8192 bits');
  const e = exponent.length > 4 ? Number.NaN : exponent.reduce((value, byte) => value * 256 + byte, 0);
  if (!(e >= 3) || e % 2 === 0) throw unsupported('an RSA exponent that is not odd and below 2^32');
  return { kind: 'rsa', verificationCost: bits <= 4096 && e <= 65537 ? 1 : 9 };
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
