import { hexOf } from './byte-text.js';
import { DER_TAG, type DerReader } from './der-reader.js';
import { type GeneralName, readGeneralName } from './general-name.js';
import { type NameConstraints, readNameConstraints } from './name-constraints.js';
import { SpiffeError } from './spiffe-error.js';

const MAX_SAN_ENTRIES = 32;

const OID = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** The key-usage bits that this package judges (RFC 5280 §4.2.1.3). */
export interface KeyUsage {
  readonly critical: boolean;
  readonly digitalSignature: boolean;
  readonly keyCertSign: boolean;
  readonly crlSign: boolean;
}

/** What the extensions of one certificate say. Absent extensions are `undefined` or empty. */
export interface CertificateExtensions {
  /** Names of subjectAltName, in order; at most 32. */
  readonly subjectAltNames: readonly GeneralName[];
  readonly subjectAltNameCritical: boolean;
  /** cA of basicConstraints; absent means false. */
  readonly isCa: boolean;
  readonly pathLength: number | undefined;
  readonly keyUsage: KeyUsage | undefined;
  /** Purposes of extendedKeyUsage as dotted OIDs. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly nameConstraints: NameConstraints | undefined;
  /** Hex key identifiers: hints for the order in which issuers are tried, never a reason to trust or refuse. */
  readonly subjectKeyId: string | undefined;
  readonly authorityKeyId: string | undefined;
  /** OIDs of critical extensions that nothing here processes: whoever builds a path refuses them. */
  readonly unknownCritical: readonly string[];
}

const NONE: readonly never[] = Object.freeze([]);

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads the content of `extensions [3]`, if there is any. An extension that appears twice is refused (RFC 5280 §4.2). */
export function readExtensions(explicit: DerReader | undefined): CertificateExtensions {
  const list = explicit && readNonEmptySequence(explicit);
  explicit?.end();
  const unknownCritical: string[] = [];
  const found: Mutable<CertificateExtensions> = {
    subjectAltNames: NONE,
    subjectAltNameCritical: false,
    isCa: false,
    pathLength: undefined,
    keyUsage: undefined,
    extendedKeyUsage: undefined,
    nameConstraints: undefined,
    subjectKeyId: undefined,
    authorityKeyId: undefined,
    unknownCritical: NONE,
  };
  const seen = new Set<string>();
  while (list !== undefined && !list.isAtEnd) {
    const extension = list.read(DER_TAG.sequence);
    const oid = extension.readOid();
    const critical = extension.peekTag() === DER_TAG.boolean && extension.readBoolean();
    const value = extension.read(DER_TAG.octetString);
    extension.end();
    if (seen.has(oid)) throw malformed('an extension appears twice');
    seen.add(oid);
    if (!readKnownExtension(oid, critical, value, found) && critical) unknownCritical.push(oid);
  }
  if (unknownCritical.length > 0) found.unknownCritical = Object.freeze(unknownCritical);
  return Object.freeze(found);
}

/** `false` when the extension is not one that this package processes in full. */
function readKnownExtension(oid: string, critical: boolean, value: DerReader, found: Mutable<CertificateExtensions>): boolean {
  switch (oid) {
    case OID.subjectAltName:
      found.subjectAltNames = readSubjectAltNames(value);
      found.subjectAltNameCritical = critical;
      break;
    case OID.basicConstraints: {
      const body = value.read(DER_TAG.sequence);
      found.isCa = body.peekTag() === DER_TAG.boolean && body.readBoolean();
      found.pathLength = body.isAtEnd ? undefined : body.readSmallInteger();
      body.end();
      if (found.pathLength !== undefined && !found.isCa) throw malformed('a path length without cA');
      break;
    }
    case OID.keyUsage:
      found.keyUsage = readKeyUsage(value, critical);
      break;
    case OID.extendedKeyUsage: {
      const purposes: string[] = [];
      const body = readNonEmptySequence(value);
      while (!body.isAtEnd) purposes.push(body.readOid());
      found.extendedKeyUsage = Object.freeze(purposes);
      break;
    }
    case OID.nameConstraints:
      found.nameConstraints = readNameConstraints(value);
      break;
    case OID.subjectKeyIdentifier:
      found.subjectKeyId = hexOf(value.read(DER_TAG.octetString).rest());
      value.end();
      return false;
    case OID.authorityKeyIdentifier:
      found.authorityKeyId = readAuthorityKeyId(value);
      return false;
    default:
      return false;
  }
  value.end();
  return true;
}

function readSubjectAltNames(value: DerReader): readonly GeneralName[] {
  const names: GeneralName[] = [];
  const body = readNonEmptySequence(value);
  while (!body.isAtEnd) {
    if (names.length === MAX_SAN_ENTRIES) {
      throw new SpiffeError('san_too_many_entries', `subjectAltName has more than ${MAX_SAN_ENTRIES} entries`);
    }
    names.push(readGeneralName(body));
  }
  return Object.freeze(names);
}

function readKeyUsage(value: DerReader, critical: boolean): KeyUsage {
  const { bits } = value.readBitString();
  // Bit 0 is the most significant bit of the first byte.
  const first = bits[0] ?? 0;
  const second = bits[1] ?? 0;
  if (bits.length > 2 || (first | second) === 0) throw malformed('a keyUsage without a single usage, or too long');
  return Object.freeze({
    critical,
    digitalSignature: (first & 0x80) !== 0,
    keyCertSign: (first & 0x04) !== 0,
    crlSign: (first & 0x02) !== 0,
  });
}

function readAuthorityKeyId(value: DerReader): string | undefined {
  const body = value.read(DER_TAG.sequence);
  value.end();
  const keyId = body.readOptional(0x80);
  return keyId === undefined ? undefined : hexOf(keyId.rest());
}

function readNonEmptySequence(reader: DerReader): DerReader {
  const body = reader.read(DER_TAG.sequence);
  if (body.isAtEnd) throw malformed('a list that must not be empty');
  return body;
}

function malformed(what: string): SpiffeError {
  return new SpiffeError('certificate_malformed', `certificate extension: ${what}`);
}
