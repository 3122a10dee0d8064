import { createECDH, createPrivateKey, createPublicKey, hash, type KeyObject, sign } from 'node:crypto';
import { bitString, integerBytes, octetString, oid, sequence, tlv } from '../der-writer.js';
import {
  type CertificateSpec,
  dnsName,
  extension,
  type Issued,
  ipName,
  issueCa,
  issueLeaf,
  type KeyPair,
  nameConstraints,
  OIDS,
  san,
  unknownExtension,
  uriName,
} from '../test-issuer.js';

/** 32 bytes that everybody can compute: these keys protect nothing, and every run must have the same ones. */
const bytesOf = (name: string): Buffer => hash('sha256', `dirgate fuzz ${name}`, 'buffer');

const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const ED25519 = sequence(oid('1.3.101.112'));

function ed25519(name: string): KeyPair {
  return pairOf(createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, bytesOf(name)]), format: 'der', type: 'pkcs8' }));
}

function p256(name: string): KeyPair {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(bytesOf(name));
  const point = ecdh.getPublicKey();
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
  const [x, y, d] = [text(point.subarray(1, 33)), text(point.subarray(33)), text(bytesOf(name))];
  return pairOf(createPrivateKey({ key: { kty: 'EC', crv: 'P-256', x, y, d }, format: 'jwk' }));
}

function pairOf(privateKey: KeyObject): KeyPair {
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** A key that nobody has: 2048 odd bits. */
function rsaPublicKey(): Buffer {
  const modulus = Buffer.concat(Array.from({ length: 8 }, (_, i) => bytesOf(`modulus ${i}`)));
  modulus.writeUInt8(modulus.readUInt8(0) | 0x80, 0);
  modulus.writeUInt8(modulus.readUInt8(255) | 0x01, 255);
  const key = sequence(integerBytes(0, ...modulus), integerBytes(1, 0, 1));
  return sequence(sequence(oid('1.2.840.113549.1.1.1'), tlv(0x05)), bitString(key));
}

/** Ed25519 signs the same bytes with the same signature each time. */
const SIGNED: CertificateSpec = { algorithm: ED25519, signWith: (tbs, key) => sign(null, tbs, key) };
const keyId = (id: string, value: Uint8Array) => extension(id, false, value);
const subjectKeyId = (name: string) => ({
  [OIDS.subjectKeyId]: keyId(OIDS.subjectKeyId, octetString(bytesOf(name).subarray(0, 20))),
});
const authorityKeyId = (name: string) => ({
  [OIDS.authorityKeyId]: keyId(OIDS.authorityKeyId, sequence(tlv(0x80, bytesOf(name).subarray(0, 20)))),
});

export const ID = 'spiffe://td/a';

/** Constrains names of every form that there is a reader for. */
export const ROOT: Issued = issueCa(undefined, 'root', {
  ...SIGNED,
  key: ed25519('root'),
  extensions: {
    ...subjectKeyId('root'),
    [OIDS.nameConstraints]: nameConstraints({
      permitted: [uriName('td'), dnsName('td.example'), ipName(10, 0, 0, 0, 255, 0, 0, 0)],
      excluded: [dnsName('x.td.example'), tlv(0x81, Buffer.from('.example'))],
    }),
  },
});
export const CA: Issued = issueCa(ROOT, 'ca', {
  ...SIGNED,
  key: ed25519('ca'),
  extensions: { ...subjectKeyId('ca'), ...authorityKeyId('root') },
});
/** Its key signs without chance, too. */
export const LEAF: Issued = issueLeaf(CA, ID, { ...SIGNED, key: ed25519('leaf'), extensions: authorityKeyId('ca') });
export const EC_LEAF: Issued = issueLeaf(CA, ID, {
  ...SIGNED,
  key: p256('leaf'),
  subject: '',
  extensions: {
    [OIDS.san]: san([dnsName('a.td.example'), uriName(ID), ipName(10, 1, 2, 3)], true),
    unknown: unknownExtension(false),
  },
});
export const RSA_LEAF: Issued = issueLeaf(CA, ID, { ...SIGNED, key: ed25519('none'), spki: rsaPublicKey() });
