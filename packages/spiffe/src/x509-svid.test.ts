import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { rsaPair } from './test-support/jwt-issuer.js';
import { type Issued, issueCa, issueLeaf, keyUsage, NOW, newKey, OIDS } from './test-support/test-issuer.js';
import { expectCode } from './test-support/x509-expect.js';
import { parseX509Svid } from './x509-svid.js';

const root = issueCa(undefined, 'root');
const ca = issueCa(root, 'ca', { notAfter: NOW + 5000 });
const leaf = issueLeaf(ca, 'spiffe://td/a');
const pkcs8 = (issued: Issued) => issued.key.privateKey.export({ format: 'der', type: 'pkcs8' });
const chain = Buffer.concat([leaf.der, ca.der]);

test('a good SVID', () => {
  const svid = parseX509Svid({ chain, privateKey: pkcs8(leaf), hint: 'h' });
  expect(svid.id.toString()).toBe('spiffe://td/a');
  expect(svid.chain.map((der) => Buffer.from(der))).toEqual([leaf.der, ca.der]);
  expect(svid.validUntil).toBe(NOW + 5000);
  expect(svid.hint).toBe('h');
  expect(svid.privateKey.type).toBe('private');
  expect(Object.isFrozen(svid)).toBe(true);
  expect(parseX509Svid({ chain: leaf.der, privateKey: pkcs8(leaf) }).hint).toBe('');
});

test.each([
  ['RSA', rsaPair()],
  ['Ed25519', generateKeyPairSync('ed25519')],
  ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
])('an %s key', (_name, key) => {
  const issued = issueLeaf(ca, 'spiffe://td/a', { key });
  expect(parseX509Svid({ chain: issued.der, privateKey: pkcs8(issued) }).id.path).toBe('/a');
  const stranger = { ...issued, key: newKey() };
  expectCode(() => parseX509Svid({ chain: issued.der, privateKey: pkcs8(stranger) }), 'private_key_mismatch');
});

describe('refuses', () => {
  test("a key of the CA's, or of another leaf", () => {
    for (const other of [ca, issueLeaf(ca, 'spiffe://td/a')]) {
      expectCode(() => parseX509Svid({ chain, privateKey: pkcs8(other) }), 'private_key_mismatch');
    }
  });

  test("a private key that only carries the leaf's public half", () => {
    const stranger = newKey();
    const publicBytes = (key: Issued['key']) => key.publicKey.export({ format: 'der', type: 'spki' }).subarray(-65);
    const ec = pkcs8({ ...leaf, key: stranger });
    publicBytes(leaf.key).copy(ec, ec.indexOf(publicBytes(stranger)));
    expectCode(() => parseX509Svid({ chain, privateKey: ec }), 'private_key_mismatch');

    const [rsa, other] = [rsaPair(), rsaPair()];
    const { n = '' } = rsa.publicKey.export({ format: 'jwk' });
    const mixed = createPrivateKey({ key: { ...other.privateKey.export({ format: 'jwk' }), n }, format: 'jwk' });
    const privateKey = mixed.export({ format: 'der', type: 'pkcs8' });
    const issued = issueLeaf(ca, 'spiffe://td/a', { key: rsa });
    expect(parseX509Svid({ chain: issued.der, privateKey: pkcs8(issued) }).id.path).toBe('/a');
    expectCode(() => parseX509Svid({ chain: issued.der, privateKey }), 'private_key_mismatch');
  });

  test('a private key that cannot sign', () => {
    const privateKey = generateKeyPairSync('x25519').privateKey.export({ format: 'der', type: 'pkcs8' });
    expectCode(() => parseX509Svid({ chain, privateKey }), 'private_key_mismatch');
  });

  test('a key that is not exactly one unencrypted PKCS#8 key', () => {
    const { privateKey } = leaf.key;
    const encrypted = privateKey.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' });
    for (const bytes of [
      encrypted,
      privateKey.export({ format: 'der', type: 'sec1' }),
      Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' })),
      Buffer.concat([pkcs8(leaf), Buffer.from([0])]),
      pkcs8(leaf).subarray(0, -1),
      leaf.key.publicKey.export({ format: 'der', type: 'spki' }),
      new Uint8Array(),
    ]) {
      expectCode(() => parseX509Svid({ chain, privateKey: bytes }), 'private_key_malformed');
    }
  });

  test('a chain that is empty, has bytes left over, or is too long', () => {
    const privateKey = pkcs8(leaf);
    expectCode(() => parseX509Svid({ chain: new Uint8Array(), privateKey }), 'chain_empty');
    expectCode(() => parseX509Svid({ chain: Buffer.concat([chain, Buffer.from([0x30])]), privateKey }), 'der_malformed');
    const long = Buffer.concat([leaf.der, ...Array.from({ length: 10 }, () => ca.der)]);
    expectCode(() => parseX509Svid({ chain: long, privateKey }), 'chain_too_many_certificates');
  });

  test('a leaf that breaks a rule, and a CA first', () => {
    const signing = issueLeaf(ca, 'spiffe://td/a', { extensions: { [OIDS.keyUsage]: keyUsage([0, 5]) } });
    expectCode(() => parseX509Svid({ chain: signing.der, privateKey: pkcs8(signing) }), 'leaf_may_sign');
    const rootPath = issueLeaf(ca, 'spiffe://td');
    expectCode(() => parseX509Svid({ chain: rootPath.der, privateKey: pkcs8(rootPath) }), 'leaf_id_without_path');
    expectCode(() => parseX509Svid({ chain: ca.der, privateKey: pkcs8(ca) }), 'leaf_is_ca');
  });
});
