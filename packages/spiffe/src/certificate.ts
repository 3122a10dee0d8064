import type { KeyObject } from 'node:crypto';
import { hexOf, latin1Of, sameBytes } from './byte-text.js';
import { type CertificateExtensions, readExtensions } from './certificate-extensions.js';
import { type CertificateKeyProfile, importPublicKey, profilePublicKey } from './certificate-public-key.js';
import { readCertificateTime } from './certificate-time.js';
import { DER_TAG, DerReader } from './der-reader.js';
import { readDistinguishedName } from './distinguished-name.js';
import { SpiffeError } from './spiffe-error.js';

type CertificateFields = Omit<Certificate, 'serialNumber' | 'publicKey' | 'keyProfile' | 'hasEmptySubject' | 'isSelfIssued'> & {
  readonly serial: Uint8Array;
};

let create: (fields: CertificateFields) => Certificate;

/**
 * One X.509 v3 certificate, read from DER once and strictly. Holding one means that its encoding is sound; nothing about it is
 * proven: no signature, no time, no purpose was checked. Immutable, except that the byte arrays must not be written to.
 */
export class Certificate {
  /** The whole certificate; a copy of what was parsed. */
  readonly der: Uint8Array;
  /** DER of the issuer's and the subject's Name. Names are compared byte for byte, which is stricter than RFC 5280 §7.1. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** The same two names as strings of one character per byte, for comparisons and look-ups. */
  readonly issuerKey: string;
  readonly subjectKey: string;
  /** First and last instant of validity, milliseconds since the epoch; both are inside. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** DER of SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Uint8Array;
  readonly extensions: CertificateExtensions;
  /** What the issuer signed, with what, and the result. */
  readonly signedBytes: Uint8Array;
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;

  readonly #serial: Uint8Array;
  #keyProfile: CertificateKeyProfile | undefined;
  #publicKey: KeyObject | undefined;

  static {
    create = (fields) => new Certificate(fields);
  }

  private constructor(fields: CertificateFields) {
    this.der = fields.der;
    this.issuer = fields.issuer;
    this.subject = fields.subject;
    this.issuerKey = fields.issuerKey;
    this.subjectKey = fields.subjectKey;
    this.notBefore = fields.notBefore;
    this.notAfter = fields.notAfter;
    this.publicKeyInfo = fields.publicKeyInfo;
    this.extensions = fields.extensions;
    this.signedBytes = fields.signedBytes;
    this.signatureAlgorithm = fields.signatureAlgorithm;
    this.signature = fields.signature;
    this.#serial = fields.serial;
    Object.freeze(this);
  }

  /** Upper-case hex of the content octets, as in the encoding (with a leading zero byte where there is one). */
  get serialNumber(): string {
    return hexOf(this.#serial).toUpperCase();
  }

  get hasEmptySubject(): boolean {
    return this.subject.length === 2;
  }

  /** Issuer and subject are the same name: such a CA does not count for path lengths (RFC 5280 §6.1). */
  get isSelfIssued(): boolean {
    return this.issuerKey === this.subjectKey;
  }

  /** Kind and cost of the key, judged before anything is done with it. @throws SpiffeError `certificate_key_unsupported`, `der_malformed` */
  get keyProfile(): CertificateKeyProfile {
    this.#keyProfile ??= profilePublicKey(this.publicKeyInfo);
    return this.#keyProfile;
  }

  /** The key, imported at first use. @throws SpiffeError `certificate_key_unsupported`, `der_malformed` */
  get publicKey(): KeyObject {
    if (this.#publicKey === undefined) {
      this.keyProfile; // throws for a key that must not be imported
      this.#publicKey = importPublicKey(this.publicKeyInfo);
    }
    return this.#publicKey;
  }
}

/**
 * Reads exactly one DER certificate (RFC 5280 §4.1), version 3 only. Checks the encoding and nothing else.
 *
 * @throws SpiffeError `der_malformed`, `certificate_malformed`, `certificate_version`, `signature_algorithm_mismatch`,
 * `san_too_many_entries`, `name_constraint_unprocessable`
 */
export function parseCertificate(bytes: Uint8Array): Certificate {
  const der = new Uint8Array(bytes.length);
  der.set(bytes);
  const outer = new DerReader(der);
  const certificate = outer.read(DER_TAG.sequence);
  outer.end();
  const signedBytes = certificate.readRaw(DER_TAG.sequence);
  const signatureAlgorithm = certificate.readRaw(DER_TAG.sequence);
  const signature = certificate.readBitStringBytes();
  certificate.end();

  const tbs = new DerReader(signedBytes).read(DER_TAG.sequence);
  readVersion(tbs);
  const serial = readSerialNumber(tbs);
  if (!sameBytes(tbs.readRaw(DER_TAG.sequence), signatureAlgorithm)) {
    throw new SpiffeError('signature_algorithm_mismatch', 'the signed and the unsigned signature algorithm differ');
  }
  const issuer = readName(tbs);
  const validity = tbs.read(DER_TAG.sequence);
  const notBefore = readCertificateTime(validity);
  const notAfter = readCertificateTime(validity);
  validity.end();
  const subject = readName(tbs);
  const publicKeyInfo = tbs.readRaw(DER_TAG.sequence);
  // issuerUniqueID and subjectUniqueID: RFC 5280 §4.1.2.8 wants them read and asks nothing of them.
  tbs.readOptional(0x81);
  tbs.readOptional(0x82);
  const extensions = readExtensions(tbs.readOptional(0xa3));
  tbs.end();

  return create({
    der,
    serial,
    issuer,
    subject,
    issuerKey: latin1Of(issuer),
    subjectKey: latin1Of(subject),
    notBefore,
    notAfter,
    publicKeyInfo,
    extensions,
    signedBytes,
    signatureAlgorithm,
    signature,
  });
}

/** Version 3 or nothing: an SVID needs extensions, and so does every CA of ours. */
function readVersion(tbs: DerReader): void {
  const explicit = tbs.readOptional(0xa0);
  const version = explicit?.readSmallInteger();
  explicit?.end();
  if (version !== 2) throw new SpiffeError('certificate_version', 'a certificate must be X.509 version 3');
}

/** Zero is let through (RFC 5280 §4.1.2.2 asks for grace, and old roots have it), a negative number is not. */
function readSerialNumber(tbs: DerReader): Uint8Array {
  const content = tbs.readInteger();
  const first = content[0] ?? 0;
  if (first >= 0x80 || content.length > (first === 0 ? 21 : 20)) {
    throw new SpiffeError('certificate_malformed', 'a serial number that is negative or too long');
  }
  return content;
}

/** One Name, checked to be a list of sets of attributes. Returned as its DER. */
function readName(tbs: DerReader): Uint8Array {
  const raw = tbs.readRaw(DER_TAG.sequence);
  readDistinguishedName(raw);
  return raw;
}
