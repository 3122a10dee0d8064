import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

/**
 * A private key on P-256. Read from its own encoding: in Node 20 a key shares a lock with what made it, and where the garbage collector
 * takes that away while the key is written as a JWK, the thread waits for itself for ever.
 */
export function newKey(): KeyObject {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  });
  return createPrivateKey({ key: privateKey, type: 'pkcs8', format: 'der' });
}
