import { createPublicKey, type KeyObject } from 'node:crypto';
import { PolicyError } from '../policy-error.js';

/** How a bundle may be signed. */
export type BundleAlgorithm = 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512';

/** A key that bundles may be signed with. */
export interface BundleKey {
  /** As the signature names it: `--verification-key-id` of `opa build`, which is `default` by default. */
  readonly id: string;
  /** The only algorithm that is taken with this key. */
  readonly algorithm: BundleAlgorithm;
  /** PEM, a public key or a certificate. RSA from 2048 bits. */
  readonly publicKey: string;
}

/** {@link BundleKey}, read. */
export interface ReadBundleKey {
  readonly algorithm: BundleAlgorithm;
  readonly key: KeyObject;
}

const curves = new Map<string, string>([
  ['ES256', 'prime256v1'],
  ['ES384', 'secp384r1'],
  ['ES512', 'secp521r1'],
]);

/** The keys by their IDs. @throws {PolicyError} `option_invalid` */
export function readBundleKeys(keys: readonly BundleKey[]): ReadonlyMap<string, ReadBundleKey> {
  if (keys.length === 0) throw invalid('keys must hold at least one');
  const read = new Map<string, ReadBundleKey>();
  for (const { id, algorithm, publicKey } of keys) {
    if (typeof id !== 'string' || id === '') throw invalid('a key needs an ID');
    if (read.has(id)) throw invalid(`two keys have the ID ${JSON.stringify(id)}`);
    read.set(id, { algorithm, key: readKey(`the key ${JSON.stringify(id)}`, algorithm, publicKey) });
  }
  return read;
}

function readKey(named: string, algorithm: string, pem: string): KeyObject {
  if (!/^(?:[RP]S|ES)(?:256|384|512)$/.test(algorithm)) {
    throw invalid(`${named} has no algorithm that is taken here: RS, PS or ES, with 256, 384 or 512`);
  }
  // Whoever verifies has no need of it, and createPublicKey would take it.
  if (/PRIVATE KEY/.test(pem)) throw invalid(`${named} is a private key; give the public one`);
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (cause) {
    throw invalid(`${named} is not a public key in PEM`, cause);
  }
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  const curve = curves.get(algorithm);
  const fits = curve === undefined ? key.asymmetricKeyType === 'rsa' && modulusLength >= 2048 : namedCurve === curve;
  if (!fits) throw invalid(`${named} is not one for ${algorithm} (${curve ?? 'RSA from 2048 bits'})`);
  return key;
}

function invalid(reason: string, cause?: unknown): PolicyError {
  return new PolicyError('option_invalid', `verification: ${reason}`, { cause });
}
