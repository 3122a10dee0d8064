import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { signatureAlgorithmOf, verifySignature } from './certificate-signature.js';
import { oid, sequence, smallInteger, tlv } from './test-support/der-writer.js';

const signed = Buffer.from('signed');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');
const NULL = tlv(0x05);

interface PssChanges {
  readonly hash?: readonly Buffer[];
  readonly mgf?: readonly Buffer[];
  readonly mgfDigest?: number;
  readonly trailer?: readonly Buffer[];
}

/** AlgorithmIdentifier of RSA-PSS; `digest` is the last arc of the OID of a SHA-2 hash. */
function pss(digest: number, salt: number, changes: PssChanges = {}): Buffer {
  const { hash = [NULL], mgf = hash, mgfDigest = digest, trailer = [] } = changes;
  const sha = (last: number) => oid(`2.16.840.1.101.3.4.2.${last}`);
  const parameters = sequence(
    tlv(0xa0, sequence(sha(digest), ...hash)),
    tlv(0xa1, sequence(oid('1.2.840.113549.1.1.8'), sequence(sha(mgfDigest), ...mgf))),
    tlv(0xa2, smallInteger(salt)),
    ...trailer,
  );
  return sequence(oid('1.2.840.113549.1.1.10'), parameters);
}

describe('RSA-PSS', () => {
  test.each([
    [1, 'sha256', 32],
    [2, 'sha384', 48],
    [3, 'sha512', 64],
  ] as const)('with hash %d, its parameters NULL or absent', (digest, name, saltLength) => {
    const signature = sign(name, signed, { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
    for (const identifier of [pss(digest, saltLength), pss(digest, saltLength, { hash: [] })]) {
      const algorithm = signatureAlgorithmOf(identifier);
      expect(algorithm).toEqual({ kind: 'rsa', hash: name, saltLength });
      expect(algorithm && verifySignature(algorithm, rsa.publicKey, signed, signature)).toBe(true);
      expect(algorithm && verifySignature(algorithm, rsa.publicKey, Buffer.from('other'), signature)).toBe(false);
    }
  });

  test.each([
    ['NULL beside the one hash only', pss(1, 32, { hash: [NULL], mgf: [] })],
    ['another hash inside of MGF1', pss(1, 32, { mgfDigest: 2 })],
    ['the trailer written out', pss(1, 32, { trailer: [tlv(0xa3, smallInteger(1))] })],
    ['a salt of another length', pss(1, 48)],
    ['SHA-224', pss(4, 28)],
  ])('%s is not on the list', (_what, identifier) => {
    expect(signatureAlgorithmOf(pss(1, 32))).toBeDefined();
    expect(signatureAlgorithmOf(identifier)).toBeUndefined();
  });
});

test('what node:crypto throws for is no good signature', () => {
  const signature = sign(null, signed, ed25519.privateKey);
  expect(verifySignature({ kind: 'ed25519', hash: null }, ed25519.publicKey, signed, signature)).toBe(true);
  expect(verifySignature({ kind: 'ed25519', hash: 'sha256' }, ed25519.publicKey, signed, signature)).toBe(false);
});
