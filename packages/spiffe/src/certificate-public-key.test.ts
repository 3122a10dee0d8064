import { createPublicKey, ECDH, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { importPublicKey, profilePublicKey, rememberPublicKey } from './certificate-public-key.js';
import { bitString, integerBytes, oid, sequence, tlv } from './test-support/der-writer.js';
import { newKey } from './test-support/test-issuer.js';
import { expectCode } from './test-support/x509-expect.js';

const P256 = sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7'));
const RSA = sequence(oid('1.2.840.113549.1.1.1'), tlv(0x05));
const point = newKey().publicKey.export({ format: 'der', type: 'spki' }).subarray(-65);

/** An RSA SubjectPublicKeyInfo of this modulus size and exponent; the modulus is no product of primes. */
function rsa(bits: number, exponent: readonly number[], modulusSign: readonly number[] = [0]): Buffer {
  const modulus = [...modulusSign, 0x80 >> ((8 - (bits % 8)) % 8), ...new Array(Math.ceil(bits / 8) - 1).fill(1)];
  const key = sequence(integerBytes(...modulus), integerBytes(...exponent));
  return sequence(RSA, bitString(key));
}
const F4 = [1, 0, 1];

describe('accepts', () => {
  test.each([
    ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'ec'],
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'ec'],
    ['P-521', generateKeyPairSync('ec', { namedCurve: 'P-521' }), 'ec'],
    ['Ed25519', generateKeyPairSync('ed25519'), 'ed25519'],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }), 'rsa'],
  ] as const)('%s', (_name, { publicKey }, kind) => {
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    expect(profilePublicKey(spki).kind).toBe(kind);
    expect(importPublicKey(spki).equals(publicKey)).toBe(true);
  });

  test.each([
    ['2048 bits', rsa(2048, F4)],
    ['8192 bits', rsa(8192, F4)],
    ['exponent 3', rsa(2048, [3])],
    ['exponent 2^32 - 1', rsa(2048, [0, 0xff, 0xff, 0xff, 0xff])],
  ])('RSA with %s', (_what, spki) => {
    expect(profilePublicKey(spki).kind).toBe('rsa');
  });

  test('the cost of a key that is slow to use is said to be higher', () => {
    const [plain, slow] = [profilePublicKey(rsa(2048, F4)), profilePublicKey(rsa(8192, F4))];
    expect(slow.verificationCost).toBeGreaterThan(plain.verificationCost);
    expect(profilePublicKey(rsa(4096, F4)).verificationCost).toBe(plain.verificationCost);
    expect(profilePublicKey(rsa(4097, F4, [])).verificationCost).toBe(slow.verificationCost);
    expect(profilePublicKey(rsa(2048, [0, 0xff, 0xff, 0xff, 0xff])).verificationCost).toBe(slow.verificationCost);
  });
});

describe('refuses', () => {
  test.each([
    ['RSA of 2047 bits', rsa(2047, F4, [])],
    ['RSA of 8193 bits', rsa(8193, F4, [])],
    ['a negative modulus', rsa(2048, F4, [])],
    ['an even modulus', Buffer.concat([rsa(2048, F4).subarray(0, -6), Buffer.from([2, 2, 3, 1, 0, 1])])],
    ['a modulus of zero', sequence(RSA, bitString(sequence(integerBytes(0), integerBytes(...F4))))],
    ['exponent 1', rsa(2048, [1])],
    ['an even exponent', rsa(2048, [4])],
    ['exponent 2^32 + 1', rsa(2048, [1, 0, 0, 0, 1])],
    ['a negative exponent', rsa(2048, [0x81])],
    [
      'a compressed point',
      sequence(P256, bitString(ECDH.convertKey(point, 'prime256v1', undefined, undefined, 'compressed') as Buffer)),
    ],
    ['a hybrid point', sequence(P256, bitString(ECDH.convertKey(point, 'prime256v1', undefined, undefined, 'hybrid') as Buffer))],
    ['a point of another length', sequence(P256, bitString(point.subarray(0, -1)))],
    ['an Ed25519 key of 31 bytes', sequence(sequence(oid('1.3.101.112')), bitString(Buffer.alloc(31)))],
    ['an RSA-PSS key', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey.export({ format: 'der', type: 'spki' })],
    ['RSA without NULL', sequence(sequence(oid('1.2.840.113549.1.1.1')), bitString(Buffer.alloc(1)))],
  ])('%s', (_what, spki) => {
    expectCode(() => profilePublicKey(spki), 'certificate_key_unsupported');
  });

  test('a point off its curve, when the key is imported', () => {
    const off = Buffer.from(point);
    off.writeUInt8(off.readUInt8(64) ^ 1, 64);
    expect(createPublicKey({ key: sequence(P256, bitString(point)), format: 'der', type: 'spki' }).type).toBe('public');
    expectCode(() => importPublicKey(sequence(P256, bitString(off))), 'certificate_key_unsupported');
  });

  test('bytes that are left over', () => {
    for (const spki of [
      Buffer.concat([rsa(2048, F4), Buffer.from([0])]),
      sequence(P256, bitString(point), tlv(0x05)),
      sequence(P256, bitString(point, 1)),
    ]) {
      expect(() => profilePublicKey(spki)).toThrow();
    }
  });
});

describe('a key that is remembered', () => {
  const spkiOf = (curve: string): Buffer =>
    generateKeyPairSync('ec', { namedCurve: curve }).publicKey.export({ format: 'der', type: 'spki' });

  test('is the same object again, by its bytes', () => {
    const spki = spkiOf('P-256');
    const first = importPublicKey(spki);
    // Importing alone leaves nothing behind.
    expect(importPublicKey(spki)).not.toBe(first);
    rememberPublicKey(spki, first);
    expect(importPublicKey(new Uint8Array(spki))).toBe(first);
    expect(importPublicKey(spkiOf('P-256')).equals(first)).toBe(false);
  });

  test('is forgotten after many others, and is the same key', () => {
    const spki = spkiOf('P-256');
    const first = importPublicKey(spki);
    rememberPublicKey(spki, first);
    for (let index = 0; index < 256; index++) {
      const other = spkiOf('P-256');
      rememberPublicKey(other, importPublicKey(other));
    }
    const again = importPublicKey(spki);
    expect(again).not.toBe(first);
    expect(again.equals(first)).toBe(true);
  });

  test.each(['P-384', 'P-521'])('may be of curve %s', (curve) => {
    const spki = spkiOf(curve);
    const first = importPublicKey(spki);
    rememberPublicKey(spki, first);
    expect(importPublicKey(spki)).toBe(first);
  });

  test('is refused again when it was refused', () => {
    const off = Buffer.from(point);
    off.writeUInt8(off.readUInt8(1) ^ 1, 1);
    const spki = sequence(P256, bitString(off));
    expectCode(() => importPublicKey(spki), 'certificate_key_unsupported');
    expectCode(() => importPublicKey(spki), 'certificate_key_unsupported');
  });
});

test('a coordinate that is not below the prime of its field is refused, though it means a point of the curve', () => {
  // x = 5 is the abscissa of a point of P-256; 5 + p still has 32 bytes.
  const p = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
  const uncompressed = ECDH.convertKey(
    Buffer.from(`02${'0'.repeat(63)}5`, 'hex'),
    'prime256v1',
    undefined,
    undefined,
    'uncompressed',
  ) as Buffer;
  const beyond = Buffer.from(`04${(5n + p).toString(16).padStart(64, '0')}${uncompressed.toString('hex', 33)}`, 'hex');
  expect(beyond).toHaveLength(65);
  expect(importPublicKey(sequence(P256, bitString(uncompressed))).type).toBe('public');
  expectCode(() => importPublicKey(sequence(P256, bitString(beyond))), 'certificate_key_unsupported');
});
