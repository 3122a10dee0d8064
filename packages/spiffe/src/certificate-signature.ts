import { constants, type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';
import type { CertificateKeyProfile } from './certificate-public-key.js';

interface SignatureAlgorithm {
  readonly kind: CertificateKeyProfile['kind'];
  /** `null`: the algorithm has its own. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null;
  /** Set for RSA-PSS: the salt length, which equals the length of the hash. */
  readonly saltLength?: number;
}

/**
 * AlgorithmIdentifier (hex of the whole DER, parameters included) → how to check it. The list is closed: SHA-1, MD5, DSA and
 * RSA-PSS with any other parameters are not on it, and an encoding that differs in one byte is another algorithm.
 */
const ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map<string, SignatureAlgorithm>([
  ['300a06082a8648ce3d040302', { kind: 'ec', hash: 'sha256' }],
  ['300a06082a8648ce3d040303', { kind: 'ec', hash: 'sha384' }],
  ['300a06082a8648ce3d040304', { kind: 'ec', hash: 'sha512' }],
  ['300d06092a864886f70d01010b0500', { kind: 'rsa', hash: 'sha256' }],
  ['300d06092a864886f70d01010c0500', { kind: 'rsa', hash: 'sha384' }],
  ['300d06092a864886f70d01010d0500', { kind: 'rsa', hash: 'sha512' }],
  // RSA-PSS: hash and MGF1 hash the same (with NULL parameters), salt as long as the hash, default trailer.
  [pss('01', '20'), { kind: 'rsa', hash: 'sha256', saltLength: 32 }],
  [pss('02', '30'), { kind: 'rsa', hash: 'sha384', saltLength: 48 }],
  [pss('03', '40'), { kind: 'rsa', hash: 'sha512', saltLength: 64 }],
  ['300506032b6570', { kind: 'ed25519', hash: null }],
]);

function pss(hash: string, salt: string): string {
  const hashAlgorithm = `300d06096086480165030402${hash}0500`;
  return `304106092a864886f70d01010a3034a00f${hashAlgorithm}a11c301a06092a864886f70d010108${hashAlgorithm}a2030201${salt}`;
}

/** What is on the list for these bytes, or `undefined`. */
export function signatureAlgorithmOf(algorithmIdentifier: Uint8Array): SignatureAlgorithm | undefined {
  return ALGORITHMS.get(Buffer.from(algorithmIdentifier).toString('hex'));
}

/** `true` only when `signature` over the raw bytes `signed` verifies. Never throws. */
export function verifySignature(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  const input: VerifyKeyObjectInput =
    algorithm.saltLength === undefined
      ? { key }
      : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.saltLength };
  try {
    return verify(algorithm.hash, signed, input, signature);
  } catch {
    return false;
  }
}
