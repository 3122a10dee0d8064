import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, test } from 'vitest';
import { oid, sequence, smallInteger, tlv } from './test-support/der-writer.js';
import { type CertificateSpec, type Issued, issueCa, issueLeaf, newKey } from './test-support/test-issuer.js';
import { accept, refuse } from './test-support/x509-expect.js';

const ID = 'spiffe://td/a';
const root = issueCa(undefined, 'root');

describe('algorithms and keys (X-11)', () => {
  const hash = (name: string | null) => (tbs: Buffer, key: Parameters<typeof sign>[2]) => sign(name, tbs, key);
  const ecdsa = (n: number) => sequence(oid(`1.2.840.10045.4.3.${n}`));
  const rsa = (n: number) => sequence(oid(`1.2.840.113549.1.1.${n}`), tlv(0x05));
  const rsaKey = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' });
  const ed25519 = generateKeyPairSync('ed25519');

  /** A root with this key, and a leaf that it signs in this way. */
  function signed(key: Issued['key'], algorithm: Uint8Array, signWith: NonNullable<CertificateSpec['signWith']>) {
    const anchor = issueCa(undefined, 'root', { key, algorithm, signWith });
    return { chain: [issueLeaf(anchor, ID, { algorithm, signWith })], anchors: [anchor] };
  }
  function pss(hashOid: string, hashName: string, salt: number, named = salt) {
    const digest = sequence(oid(hashOid), tlv(0x05));
    const mgf = sequence(oid('1.2.840.113549.1.1.8'), digest);
    const parameters = sequence(tlv(0xa0, digest), tlv(0xa1, mgf), tlv(0xa2, smallInteger(named)));
    const signWith: CertificateSpec['signWith'] = (tbs, key) => sign(hashName, tbs, { key, padding: 6, saltLength: salt });
    return signed(rsaKey, sequence(oid('1.2.840.113549.1.1.10'), parameters), signWith);
  }

  test.each([
    ['P-256 SHA-256', signed(newKey(), ecdsa(2), hash('sha256'))],
    ['P-384 SHA-384', signed(p384, ecdsa(3), hash('sha384'))],
    ['P-521 SHA-512', signed(p521, ecdsa(4), hash('sha512'))],
    ['Ed25519', signed(ed25519, sequence(oid('1.3.101.112')), hash(null))],
    ['RSA SHA-256', signed(rsaKey, rsa(11), hash('sha256'))],
    ['RSA SHA-384', signed(rsaKey, rsa(12), hash('sha384'))],
    ['RSA SHA-512', signed(rsaKey, rsa(13), hash('sha512'))],
    ['RSA-PSS SHA-256', pss('2.16.840.1.101.3.4.2.1', 'sha256', 32)],
    ['RSA-PSS SHA-384', pss('2.16.840.1.101.3.4.2.2', 'sha384', 48)],
    ['RSA-PSS SHA-512', pss('2.16.840.1.101.3.4.2.3', 'sha512', 64)],
  ])('accepts %s', (_name, { chain, anchors }) => {
    accept(chain, anchors);
  });

  test.each([
    ['ECDSA with SHA-1', signed(newKey(), sequence(oid('1.2.840.10045.4.1')), hash('sha1')), 'signature_algorithm_unsupported'],
    ['RSA with SHA-1', signed(rsaKey, rsa(5), hash('sha1')), 'signature_algorithm_unsupported'],
    ['RSA with MD5', signed(rsaKey, rsa(4), hash('md5')), 'signature_algorithm_unsupported'],
    ['RSA-PSS with SHA-1', pss('1.3.14.3.2.26', 'sha1', 20), 'signature_algorithm_unsupported'],
    ['RSA-PSS with an odd salt', pss('2.16.840.1.101.3.4.2.1', 'sha256', 20), 'signature_algorithm_unsupported'],
    ['RSA-PSS with another salt than named', pss('2.16.840.1.101.3.4.2.1', 'sha256', 20, 32), 'signature_invalid'],
    [
      'RSA-PSS without parameters',
      signed(rsaKey, sequence(oid('1.2.840.113549.1.1.10')), hash('sha256')),
      'signature_algorithm_unsupported',
    ],
    [
      'RSA without NULL',
      signed(rsaKey, sequence(oid('1.2.840.113549.1.1.11')), hash('sha256')),
      'signature_algorithm_unsupported',
    ],
    ['an ECDSA name on an RSA key', signed(rsaKey, ecdsa(2), hash('sha256')), 'signature_invalid'],
    ['an RSA name on an EC key', signed(newKey(), rsa(11), hash('sha256')), 'signature_invalid'],
    ['another hash than named', signed(newKey(), ecdsa(2), hash('sha384')), 'signature_invalid'],
  ] as const)('refuses %s', (_name, { chain, anchors }, code) => {
    refuse(chain, anchors, code);
  });

  test('a weak or unknown key is refused in a leaf, an intermediate and an anchor', () => {
    const keys = [
      generateKeyPairSync('rsa', { modulusLength: 1024 }),
      generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }),
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
      generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }),
      generateKeyPairSync('ec', { namedCurve: 'P-224' }),
      generateKeyPairSync('ed448'),
    ];
    for (const key of keys) {
      const isRsa3 = key.publicKey.asymmetricKeyDetails?.publicExponent === 3n;
      if (isRsa3) {
        accept([issueLeaf(root, ID, { key })], [root]);
        continue;
      }
      refuse([issueLeaf(root, ID, { key })], [root], 'certificate_key_unsupported');
      const ca = issueCa(root, 'ca', { key });
      refuse([issueLeaf({ ...ca, key: newKey() }, ID), ca], [root], 'certificate_key_unsupported');
      const anchor = issueCa(undefined, 'root', { key, signer: newKey() });
      refuse([issueLeaf({ ...anchor, key: newKey() }, ID)], [anchor], 'certificate_key_unsupported');
    }
  });
});
