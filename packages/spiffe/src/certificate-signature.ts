import { constants, type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';
import { fromHex, sameBytes } from './byte-text.js';
import type { CertificateKeyProfile } from './certificate-public-key.js';

interface SignatureAlgorithm {
  readonly kind: CertificateKeyProfile['kind'];
  /** `null`: the algorithm has its own. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null;
  /** Set for RSA-PSS: the salt length, which equals the length of the hash. */
  readonly saltLength?: number;
}

/**
 * AlgorithmIdentifier (the whole DER, parameters included) and how to check it. The list is closed: SHA-1, MD5, DSA and RSA-PSS
 * with any other parameters are not on it, and an encoding that differs in one byte is another algorithm.
 */
const ALGORITHMS: readonly (readonly [Uint8Array, SignatureAlgorithm])[] = [
  [fromHex('300a06082a8648ce3d040302'), { kind: 'ec', hash: 'sha256' }],
  [fromHex('300a06082a8648ce3d040303'), { kind: 'ec', hash: 'sha384' }],
  [fromHex('300a06082a8648ce3d040304'), { kind: 'ec', hash: 'sha512' }],
  [fromHex('300d06092a864886f70d01010b0500'), { kind: 'rsa', hash: 'sha256' }],
  [fromHex('300d06092a864886f70d01010c0500'), { kind: 'rsa', hash: 'sha384' }],
  [fromHex('300d06092a864886f70d01010d0500'), { kind: 'rsa', hash: 'sha512' }],
  // RSA-PSS: hash and MGF1 hash the same, salt as long as the hash, default trailer.
  ...pssOf('01', { kind: 'rsa', hash: 'sha256', saltLength: 32 }),
  ...pssOf('02', { kind: 'rsa', hash: 'sha384', saltLength: 48 }),
  ...pssOf('03', { kind: 'rsa', hash: 'sha512', saltLength: 64 }),
  [fromHex('300506032b6570'), { kind: 'ed25519', hash: null }],
];

/** RSASSA-PSS with a SHA-2 hash. RFC 4055 §2.1: the hash's own parameters are NULL or absent, and both must be understood. */
function pssOf(
  hash: string,
  algorithm: SignatureAlgorithm & { readonly saltLength: number },
): [Uint8Array, SignatureAlgorithm][] {
  const wrap = (tag: string, content: string) => tag + (content.length / 2).toString(16).padStart(2, '0') + content;
  const salt = wrap('02', algorithm.saltLength.toString(16).padStart(2, '0'));
  return ['', '0500'].map((hashParameters) => {
    const digest = wrap('30', `06096086480165030402${hash}${hashParameters}`);
    const mgf1 = wrap('30', `06092a864886f70d010108${digest}`);
    const parameters = wrap('30', wrap('a0', digest) + wrap('a1', mgf1) + wrap('a2', salt));
    return [fromHex(wrap('30', `06092a864886f70d01010a${parameters}`)), algorithm];
  });
}

/** What is on the list for these bytes, or `undefined`. */
export function signatureAlgorithmOf(algorithmIdentifier: Uint8Array): SignatureAlgorithm | undefined {
  return ALGORITHMS.find((entry) => sameBytes(entry[0], algorithmIdentifier))?.[1];
}

/** `true` only when `signature` over the raw bytes `signed` verifies. Never throws. */
export function verifySignature(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  const input: KeyObject | VerifyKeyObjectInput =
    algorithm.saltLength === undefined
      ? key
      : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.saltLength };
  try {
    return verify(algorithm.hash, signed, input, signature);
  } catch {
    return false;
  }
}
