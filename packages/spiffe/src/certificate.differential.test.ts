import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { describe, expect, test } from 'vitest';
import { parseCertificate } from './certificate.js';
import { expectSameAsOracles } from './test-support/certificate-oracles.js';
import { createDice, generateChain } from './test-support/chain-generator.js';
import { dnsName, issueCa, issueLeaf, NOW, OIDS, san, unknownExtension, uriName } from './test-support/test-issuer.js';
import { accept, expectCode } from './test-support/x509-expect.js';

const ID = 'spiffe://td/a';
const root = issueCa(undefined, 'root');
const compare = (der: Uint8Array) => expectSameAsOracles(parseCertificate(der), der);

describe('every field equals what @peculiar/x509 and Node read', () => {
  const algorithms = [
    { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
    { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
    { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 },
    { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32, publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 },
    { name: 'Ed25519' },
  ];

  test.each(algorithms)('$name $namedCurve', async (algorithm) => {
    const caKeys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
    const leafKeys = (await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ])) as webcrypto.CryptoKeyPair;
    const validity = { notBefore: new Date(NOW - 1000), notAfter: new Date(Date.UTC(2051, 0, 1)) };
    const ca = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '0badc0de',
      name: 'CN=Root, O=Dirgate',
      ...validity,
      signingAlgorithm: algorithm,
      keys: caKeys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 3, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
      ],
    });
    const leaf = await x509.X509CertificateGenerator.create({
      serialNumber: '7f00000000000000000000000000000001',
      subject: 'C=US, O=SPIRE',
      issuer: ca.subject,
      ...validity,
      signingAlgorithm: algorithm,
      publicKey: leafKeys.publicKey,
      signingKey: caKeys.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyAgreement, true),
        new x509.ExtendedKeyUsageExtension([OIDS.serverAuth, OIDS.clientAuth]),
        new x509.SubjectAlternativeNameExtension([
          { type: 'url', value: ID },
          { type: 'dns', value: 'a.example' },
        ]),
        await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
        await x509.SubjectKeyIdentifierExtension.create(leafKeys.publicKey),
      ],
    });
    for (const oracle of [ca, leaf]) compare(new Uint8Array(oracle.rawData));
    const issued = [leaf, ca].map((one) => ({ der: Buffer.from(one.rawData), name: '', key: root.key }));
    expect(accept(issued.slice(0, 1), issued.slice(1)).id.toString()).toBe(ID);
  });

  test('certificates of the own test issuer', () => {
    for (const { der } of [
      root,
      issueLeaf(root, ID, { extensions: { [OIDS.san]: san([dnsName('x, URI:y'), uriName(ID)], true) } }),
      issueLeaf(root, ID, { subject: '', extensions: { [OIDS.keyUsage]: null, [OIDS.extendedKeyUsage]: null } }),
      issueLeaf(root, ID, { extensions: { x: unknownExtension(true) } }),
    ]) {
      compare(der);
    }
  });

  // Every run generates others; a seed that failed can be put here again.
  const SEEDS = Array.from({ length: 8 }, (_, index) => (Date.now() + index * 1000) >>> 0);
  test.each(SEEDS)('40 generated chains, from seed %d on', (seed) => {
    for (let index = 0; index < 40; index++) {
      const { chain, roots } = generateChain(createDice(seed + index), NOW);
      for (const { der } of [...chain, ...roots]) compare(der);
    }
  });

  /** What is out there, apart from SVIDs: the authorities that Node itself ships. */
  test('the authorities that Node trusts', () => {
    const ders = rootCertificates.map((pem) => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'));
    // Certum Trusted Network CA 2 writes years before 2050 as GeneralizedTime, against RFC 5280 §4.1.2.5.
    const refused = ders.filter((der) => new X509Certificate(der).serialNumber === '21D6D04A4F250FC93237FCAA5E128DE9');
    for (const der of refused) expectCode(() => parseCertificate(der), 'certificate_malformed');
    const others = ders.filter((der) => !refused.includes(der));
    expect(others.length).toBeGreaterThan(100);
    for (const der of others) compare(der);
  });
});
