import { createPublicKey, type KeyObject } from 'node:crypto';
import { fromHex, latin1Of, sameBytes } from './byte-text.js';
import { DER_TAG, DerReader } from './der-reader.js';
import type { CurveName } from './elliptic-curve.js';
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
  readonly name: CurveName;
  readonly pointBytes: number;
  readonly cost: number;
}

const EC_CURVES: readonly EcCurve[] = [
  { algorithm: fromHex('301306072a8648ce3d020106082a8648ce3d030107'), name: 'P-256', pointBytes: 65, cost: 1 },
  { algorithm: fromHex('301006072a8648ce3d020106052b81040022'), name: 'P-384', pointBytes: 97, cost: 10 },
  { algorithm: fromHex('301006072a8648ce3d020106052b81040023'), name: 'P-521', pointBytes: 133, cost: 24 },
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
  const curve = curveOf(algorithm);
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

function curveOf(algorithm: Uint8Array): EcCurve | undefined {
  return EC_CURVES.find((curve) => sameBytes(curve.algorithm, algorithm));
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

/** By their SubjectPublicKeyInfo, which alone decides what a key is: all leaves of an issuer bring the same intermediates along. */
const imported = new OldestOut<KeyObject>(256);

/** Imports a key that {@link profilePublicKey} let through. Importing takes longer than a signature check, so some are remembered. */
export function importPublicKey(spki: Uint8Array): KeyObject {
  const text = latin1Of(spki);
  const before = imported.get(text);
  if (before !== undefined) return before;
  try {
    const { algorithm, key } = takeApart(spki);
    const curve = curveOf(algorithm);
    const publicKey =
      curve === undefined
        ? createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
        : importPoint(curve.name, Buffer.from(key));
    imported.add(text, publicKey);
    return publicKey;
  } catch (cause) {
    throw new SpiffeError('certificate_key_unsupported', 'certificate key: not a valid key of its kind', { cause });
  }
}

/** As a JWK, which node:crypto reads in half the time that DER takes it. It checks that the point is one of the curve. */
function importPoint(crv: CurveName, point: Buffer): KeyObject {
  const middle = (point.length + 1) / 2;
  const x = point.toString('base64url', 1, middle);
  const y = point.toString('base64url', middle);
  return createPublicKey({ key: { kty: 'EC', crv, x, y }, format: 'jwk' });
}

function unsupported(what: string): SpiffeError {
  return new SpiffeError('certificate_key_unsupported', `certificate key: ${what}`);
}
