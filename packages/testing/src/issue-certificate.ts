import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const ORGANIZATION = '2.5.4.10';
const COMMON_NAME = '2.5.4.3';

/** Who signs: its name and its P-256 key. */
export interface CertificateIssuer {
  /** `undefined` = empty subject. */
  readonly commonName: string | undefined;
  readonly privateKey: KeyObject;
}

/** What the certificate says. */
export interface CertificateContent extends CertificateIssuer {
  readonly uri: string;
  readonly dnsNames?: readonly string[];
  readonly notBefore: number;
  readonly notAfter: number;
  /** Present on a signing certificate; `pathLength` absent = unlimited. */
  readonly ca?: { readonly pathLength?: number };
}

/**
 * Signs one certificate, ECDSA P-256 with SHA-256, synchronously, and returns its DER.
 * Key usage, extended key usage, basic constraints and the SAN follow X509-SVID §2 and §4 for leaves and CAs alike.
 */
export function issueCertificate(content: CertificateContent, issuer: CertificateIssuer): Uint8Array {
  const algorithm = new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
  const subjectKey = createPublicKey(content.privateKey).export({ type: 'spki', format: 'der' });
  const tbs = new TBSCertificate({
    version: Version.v3,
    serialNumber: randomSerialNumber(),
    signature: algorithm,
    issuer: nameOf(issuer.commonName),
    validity: new Validity({ notBefore: new Date(content.notBefore), notAfter: new Date(content.notAfter) }),
    subject: nameOf(content.commonName),
    subjectPublicKeyInfo: AsnConvert.parse(subjectKey, SubjectPublicKeyInfo),
    extensions: extensionsOf(content, issuer),
  });
  const signed = AsnConvert.serialize(tbs);
  const certificate = new Certificate({
    tbsCertificate: tbs,
    tbsCertificateRaw: signed,
    signatureAlgorithm: algorithm,
    signatureValue: exactBuffer(sign('sha256', new Uint8Array(signed), issuer.privateKey)),
  });
  return new Uint8Array(AsnConvert.serialize(certificate));
}

function extensionsOf(content: CertificateContent, issuer: CertificateIssuer): Extensions {
  const extensions = new Extensions([
    extension(id_ce_subjectKeyIdentifier, false, new SubjectKeyIdentifier(keyIdentifier(content.privateKey))),
    extension(
      id_ce_authorityKeyIdentifier,
      false,
      new AuthorityKeyIdentifier({ keyIdentifier: new SubjectKeyIdentifier(keyIdentifier(issuer.privateKey)) }),
    ),
    // RFC 5280 §4.1.2.6: critical exactly where the subject is empty.
    extension(id_ce_subjectAltName, content.commonName === undefined, subjectAlternativeName(content)),
  ]);
  if (content.ca) {
    const constraints = new BasicConstraints({ cA: true });
    if (content.ca.pathLength !== undefined) constraints.pathLenConstraint = content.ca.pathLength;
    extensions.push(extension(id_ce_basicConstraints, true, constraints));
    extensions.push(extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)));
  } else {
    extensions.push(extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: false })));
    extensions.push(extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyAgreement)));
    extensions.push(extension(id_ce_extKeyUsage, false, new ExtendedKeyUsage([id_kp_serverAuth, id_kp_clientAuth])));
  }
  return extensions;
}

function subjectAlternativeName(content: CertificateContent): SubjectAlternativeName {
  const names = [new GeneralName({ uniformResourceIdentifier: content.uri })];
  for (const dnsName of content.dnsNames ?? []) names.push(new GeneralName({ dNSName: dnsName }));
  return new SubjectAlternativeName(names);
}

function extension(extnID: string, critical: boolean, value: object): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function nameOf(commonName: string | undefined): Name {
  if (commonName === undefined) return new Name();
  return new Name([relativeName(ORGANIZATION, 'dirgate testing'), relativeName(COMMON_NAME, commonName)]);
}

function relativeName(type: string, value: string): RelativeDistinguishedName {
  return new RelativeDistinguishedName([new AttributeTypeAndValue({ type, value: new AttributeValue({ utf8String: value }) })]);
}

/** 16 bytes, positive, without a leading zero (RFC 5280 §4.1.2.2). */
function randomSerialNumber(): ArrayBuffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return exactBuffer(bytes);
}

function keyIdentifier(privateKey: KeyObject): ArrayBuffer {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return exactBuffer(createHash('sha256').update(spki).digest().subarray(0, 20));
}

/** A small `Buffer` is a window on a shared pool: its `.buffer` would hand over its neighbours' bytes. */
function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.byteLength);
  new Uint8Array(copy).set(bytes);
  return copy;
}
