import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { expect } from 'vitest';
import type { Certificate } from '../certificate.js';
import { signatureAlgorithmOf, verifySignature } from '../certificate-signature.js';
import type { GeneralNameForm } from '../general-name.js';
import { bitString, sequence, tlv } from './der-writer.js';

const FORM_OF: Readonly<Record<string, GeneralNameForm>> = {
  url: 'uri',
  dns: 'dns',
  email: 'email',
  ip: 'ip',
  dn: 'directory',
  guid: 'other',
  upn: 'other',
  id: 'registered',
};
/** Context tags of GeneralName, with the bit that says constructed (RFC 5280 §4.2.1.6). */
const TAG_OF: Readonly<Record<GeneralNameForm, number>> = {
  other: 0xa0,
  email: 0x81,
  dns: 0x82,
  x400: 0xa3,
  directory: 0xa4,
  edi: 0xa5,
  uri: 0x86,
  ip: 0x87,
  registered: 0x88,
};
/** The extensions that are processed here; every other critical one must be listed as unknown. */
const PROCESSED = /^2\.5\.29\.(14|15|17|19|30|35|37)$/;

/** Asserts that each field of `ours` is what @peculiar/x509 and, where it tells, Node read in the same bytes. */
export function expectSameAsOracles(ours: Certificate, der: Uint8Array): void {
  const raw = Buffer.from(der);
  const oracle = new x509.X509Certificate(raw);
  const node = new X509Certificate(raw);
  // Text, as comparing bytes one by one takes longer than all else here.
  const hex = (value: Uint8Array | ArrayBuffer) => Buffer.from(new Uint8Array(value)).toString('hex');

  expect(hex(ours.der)).toBe(hex(raw));
  // Node and OpenSSL leave leading zeros away.
  expect(ours.serialNumber.replace(/^0+(?=.)/, '')).toBe(node.serialNumber.replace(/^0+(?=.)/, ''));
  expect([ours.notBefore, ours.notAfter]).toEqual([oracle.notBefore.getTime(), oracle.notAfter.getTime()]);
  expect([ours.notBefore, ours.notAfter]).toEqual([new Date(node.validFrom).getTime(), new Date(node.validTo).getTime()]);
  expect(hex(ours.issuer)).toBe(hex(oracle.issuerName.toArrayBuffer()));
  expect(hex(ours.subject)).toBe(hex(oracle.subjectName.toArrayBuffer()));
  expect(ours.hasEmptySubject).toBe(node.subject === undefined || node.subject === '');
  expect(ours.isSelfIssued).toBe(node.issuer === node.subject);
  expect(hex(ours.publicKeyInfo)).toBe(hex(oracle.publicKey.rawData));
  expect(ours.publicKey.equals(node.publicKey)).toBe(true);
  expect(hex(ours.signature)).toBe(hex(oracle.signature));
  expect(hex(sequence(ours.signedBytes, ours.signatureAlgorithm, bitString(ours.signature)))).toBe(hex(raw));
  expectSameVerdict(ours, node);

  const { extensions } = ours;
  const constraints = oracle.getExtension(x509.BasicConstraintsExtension);
  expect(extensions.isCa).toBe(node.ca);
  expect(extensions.isCa).toBe(constraints?.ca ?? false);
  expect(extensions.pathLength).toBe(constraints?.pathLength);
  const usage = oracle.getExtension(x509.KeyUsagesExtension);
  const has = (flag: x509.KeyUsageFlags) => ((usage?.usages ?? 0) & flag) !== 0;
  expect(extensions.keyUsage).toEqual(
    usage === null
      ? undefined
      : {
          critical: usage.critical,
          digitalSignature: has(x509.KeyUsageFlags.digitalSignature),
          keyCertSign: has(x509.KeyUsageFlags.keyCertSign),
          crlSign: has(x509.KeyUsageFlags.cRLSign),
        },
  );
  const purposes = oracle.getExtension(x509.ExtendedKeyUsageExtension);
  expect(extensions.extendedKeyUsage).toEqual(purposes?.usages);
  expect(extensions.extendedKeyUsage).toEqual(node.keyUsage);
  const san = oracle.getExtension(x509.SubjectAlternativeNameExtension);
  const names = san?.names.items ?? [];
  expect(extensions.subjectAltNameCritical).toBe(san?.critical ?? false);
  expect(extensions.subjectAltNames.map(({ form }) => form)).toEqual(names.map(({ type }) => FORM_OF[type]));
  const texts = names.map(({ type, value }) => (['url', 'dns', 'email'].includes(type) ? value : ''));
  expect(extensions.subjectAltNames.map(({ text }) => text)).toEqual(texts);
  const encoded = extensions.subjectAltNames.map(({ form, bytes }) => tlv(TAG_OF[form], bytes));
  expect(encoded.map(hex)).toEqual(names.map(({ rawData }) => hex(rawData)));
  if (san !== null) expect(hex(sequence(...encoded))).toBe(hex(san.value));
  expect(extensions.subjectKeyId).toBe(oracle.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId);
  expect(extensions.authorityKeyId).toBe(oracle.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId);
  expect(extensions.nameConstraints !== undefined).toBe(oracle.getExtension('2.5.29.30') !== null);
  const critical = oracle.extensions.filter((extension) => extension.critical).map(({ type }) => type);
  expect(extensions.unknownCritical).toEqual(critical.filter((type) => !PROCESSED.test(type)));
}

/** Whether a certificate that names itself as its issuer was signed by its own key: the same answer as Node's. */
function expectSameVerdict(ours: Certificate, node: X509Certificate): void {
  const algorithm = signatureAlgorithmOf(ours.signatureAlgorithm);
  if (!ours.isSelfIssued || algorithm === undefined) return;
  const verdict = verifySignature(algorithm, ours.publicKey, ours.signedBytes, ours.signature);
  expect(verdict).toBe(node.verify(node.publicKey));
}
