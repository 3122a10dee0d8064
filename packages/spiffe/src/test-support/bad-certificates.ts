import { generateKeyPairSync, sign } from 'node:crypto';
import type { SpiffeErrorCode } from '../error-codes.js';
import { ascii, commonName, integerBytes, oid, sequence, smallInteger, time, tlv } from './der-writer.js';
import {
  basicConstraints,
  type CertificateSpec,
  dnsName,
  type Extension,
  encodeExtension,
  extendedKeyUsage,
  extension,
  HOUR_MS,
  ipName,
  keyUsage,
  NOW,
  nameConstraints,
  newKey,
  OIDS,
  san,
  unknownExtension,
  uriName,
} from './test-issuer.js';

/** Where a certificate stands: leaf, lower and upper intermediate, anchor. */
export type Position = 0 | 1 | 2 | 3;

/** One breach of one rule. */
export interface Breach {
  readonly name: string;
  readonly positions: readonly Position[];
  readonly code: SpiffeErrorCode;
  /** Where the anchor is refused for another reason: it does not get into the bundle. */
  readonly anchorCode?: SpiffeErrorCode;
  readonly spec?: CertificateSpec;
  /** Applied to the signed certificate. */
  readonly change?: (der: Buffer) => Buffer;
  /** The certificate is not there at all; the anchor's place is taken by another of its name. */
  readonly isMissing?: true;
}

const ANY: readonly Position[] = [0, 1, 2, 3];
const SIGNED: readonly Position[] = [0, 1, 2];
const CA: readonly Position[] = [1, 2, 3];
const SENT_CA: readonly Position[] = [1, 2];
const LEAF: readonly Position[] = [0];

export const ID = 'spiffe://td/a';
export const email = (text: string): Buffer => tlv(0x81, ascii(text));
export const directory = (text: string): Buffer => tlv(0xa4, commonName(text));
export const registered = tlv(0x88, Buffer.from([0x2a, 3]));

const having = (...list: readonly Extension[]): { spec: CertificateSpec } => ({
  spec: { extensions: Object.fromEntries(list.map((one) => [one.oid, one])) },
});
const lacking = (id: string): { spec: CertificateSpec } => ({ spec: { extensions: { [id]: null } } });
const constraint = (trees: Parameters<typeof nameConstraints>[0]) => having(nameConstraints(trees));
const rawConstraints = (...content: readonly Uint8Array[]) => having(extension(OIDS.nameConstraints, true, sequence(...content)));
const names = (...list: readonly Uint8Array[]) => having(san(list));

const wrongKey = newKey();
const p224 = generateKeyPairSync('ec', { namedCurve: 'P-224' });
const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 });

/** Breaches of RFC 5280, each at every position where it is one. */
const RFC_5280: readonly Breach[] = [
  { name: 'not valid yet', positions: ANY, code: 'certificate_not_yet_valid', spec: { notBefore: NOW + 1000 } },
  { name: 'expired', positions: ANY, code: 'certificate_expired', spec: { notAfter: NOW - 1000 } },
  { name: 'unknown critical extension', positions: ANY, code: 'critical_extension_unknown', ...having(unknownExtension(true)) },
  { name: 'flipped signature', positions: SIGNED, code: 'signature_invalid', spec: { signWith: flipped } },
  { name: "signed by another's key", positions: SIGNED, code: 'signature_invalid', spec: { signer: wrongKey } },
  {
    name: 'SHA-1',
    positions: SIGNED,
    code: 'signature_algorithm_unsupported',
    spec: { algorithm: sequence(oid('1.2.840.10045.4.1')), signWith: (tbs, key) => sign('sha1', tbs, key) },
  },
  { name: 'issuer of another name', positions: SIGNED, code: 'issuer_untrusted', spec: { issuer: 'nobody' } },
  { name: 'issuer without a name', positions: SIGNED, code: 'issuer_empty', spec: { issuer: '' } },
  {
    name: 'two signature algorithms',
    positions: ANY,
    code: 'signature_algorithm_mismatch',
    spec: { outerAlgorithm: sequence(oid('1.2.840.10045.4.3.3')) },
  },
  { name: 'P-224 key', positions: ANY, code: 'certificate_key_unsupported', spec: { key: p224 } },
  { name: 'RSA-1024 key', positions: ANY, code: 'certificate_key_unsupported', spec: { key: rsa1024 } },
  { name: 'another purpose', positions: ANY, code: 'extended_key_usage', ...having(extendedKeyUsage('1.3.6.1.5.5.7.3.4')) },
  {
    name: 'cA false',
    positions: CA,
    code: 'issuer_not_ca',
    anchorCode: 'x509_bundle_entry_not_ca',
    ...having(basicConstraints(false)),
  },
  {
    name: 'no basicConstraints',
    positions: CA,
    code: 'issuer_not_ca',
    anchorCode: 'x509_bundle_entry_not_ca',
    ...lacking(OIDS.basicConstraints),
  },
  { name: 'no keyCertSign', positions: CA, code: 'issuer_may_not_sign', ...having(keyUsage([0, 6])) },
  { name: 'no keyUsage', positions: SENT_CA, code: 'issuer_may_not_sign', ...lacking(OIDS.keyUsage) },
  { name: 'path length 0', positions: [2, 3], code: 'path_length_exceeded', ...having(basicConstraints(true, 0)) },
  { name: 'path length 1', positions: [3], code: 'path_length_exceeded', ...having(basicConstraints(true, 1)) },
  { name: 'a path length without cA', positions: ANY, code: 'certificate_malformed', ...having(basicConstraints(false, 1)) },
  { name: 'other URI permitted', positions: CA, code: 'name_constraint_violated', ...constraint({ permitted: [uriName('b')] }) },
  {
    name: 'sub-names permitted',
    positions: CA,
    code: 'name_constraint_violated',
    ...constraint({ permitted: [uriName('.td')] }),
  },
  { name: 'URI excluded', positions: CA, code: 'name_constraint_violated', ...constraint({ excluded: [uriName('td')] }) },
  { name: 'other DNS permitted', positions: CA, code: 'name_constraint_violated', ...constraint({ permitted: [dnsName('b')] }) },
  { name: 'DNS excluded', positions: CA, code: 'name_constraint_violated', ...constraint({ excluded: [dnsName('example')] }) },
  {
    name: 'other IP permitted',
    positions: CA,
    code: 'name_constraint_violated',
    ...constraint({ permitted: [ipName(11, 0, 0, 0, 255, 0, 0, 0)] }),
  },
  {
    name: 'IP excluded',
    positions: CA,
    code: 'name_constraint_violated',
    ...constraint({ excluded: [ipName(10, 0, 0, 0, 255, 0, 0, 0)] }),
  },
  { name: 'other e-mail permitted', positions: CA, code: 'name_constraint_violated', ...constraint({ permitted: [email('b')] }) },
  { name: 'e-mail excluded', positions: CA, code: 'name_constraint_violated', ...constraint({ excluded: [email('a@td')] }) },
  {
    name: 'other directory permitted',
    positions: CA,
    code: 'name_constraint_violated',
    ...constraint({ permitted: [directory('b')] }),
  },
  {
    name: 'directory excluded',
    positions: CA,
    code: 'name_constraint_violated',
    ...constraint({ excluded: [directory('Workload')] }),
  },
  {
    name: 'unprocessable constraint',
    positions: CA,
    code: 'name_constraint_unprocessable',
    ...constraint({ excluded: [registered] }),
  },
  {
    name: 'constraint with a minimum',
    positions: ANY,
    code: 'der_malformed',
    ...rawConstraints(tlv(0xa0, sequence(uriName('td'), tlv(0x80, Buffer.from([1]))))),
  },
  { name: 'empty name constraints', positions: ANY, code: 'certificate_malformed', ...rawConstraints() },
  {
    name: 'name constraints without cA',
    positions: LEAF,
    code: 'name_constraints_on_leaf',
    ...constraint({ permitted: [uriName('td')] }),
  },
  { name: 'keyCertSign without cA', positions: LEAF, code: 'leaf_may_sign', ...having(keyUsage([0, 5])) },
  { name: 'nothing but a plain SAN', positions: LEAF, code: 'san_not_critical', spec: { subject: '' } },
  { name: 'version 1', positions: ANY, code: 'certificate_version', spec: { version: Buffer.alloc(0) } },
  { name: 'version 2', positions: ANY, code: 'certificate_version', spec: { version: tlv(0xa0, smallInteger(1)) } },
  { name: 'negative serial number', positions: ANY, code: 'certificate_malformed', spec: { serial: integerBytes(0x80) } },
  {
    name: 'a year before 2050 in GeneralizedTime',
    positions: ANY,
    code: 'certificate_malformed',
    spec: { validity: sequence(time(NOW - HOUR_MS), tlv(0x18, ascii('20300101000000Z'))) },
  },
  {
    name: 'an extension twice',
    positions: ANY,
    code: 'certificate_malformed',
    spec: { rawExtensions: [1, 2].map(() => encodeExtension(extension('1.2.3', false, Buffer.from([5, 0])))) },
  },
  { name: 'empty SAN', positions: ANY, code: 'certificate_malformed', ...names() },
  { name: 'a byte too many', positions: ANY, code: 'der_malformed', change: (der) => Buffer.concat([der, Buffer.from([0])]) },
  { name: 'a byte too few', positions: ANY, code: 'der_malformed', change: (der) => der.subarray(0, -1) },
  {
    name: 'a length that is not minimal',
    positions: ANY,
    code: 'der_malformed',
    change: (der) => Buffer.concat([Buffer.from([0x30, 0x83, 0]), der.subarray(2)]),
  },
  {
    name: 'an indefinite length',
    positions: ANY,
    code: 'der_malformed',
    change: (der) => Buffer.concat([Buffer.from([0x30, 0x80]), der.subarray(4), Buffer.from([0, 0])]),
  },
  { name: 'missing', positions: CA, code: 'issuer_untrusted', anchorCode: 'signature_invalid', isMissing: true },
];

/** Breaches of the SPIFFE standard, and of our own rules, by the leaf. */
const X509_SVID: readonly Breach[] = [
  { name: 'no SAN', positions: LEAF, code: 'uri_san_missing', ...lacking(OIDS.san) },
  { name: 'no URI', positions: LEAF, code: 'uri_san_missing', ...names(dnsName('a.example')) },
  { name: 'two URIs', positions: LEAF, code: 'uri_san_several', ...names(uriName(ID), uriName(ID)) },
  { name: 'no SPIFFE ID', positions: LEAF, code: 'leaf_id_invalid', ...names(uriName('https://td/a')) },
  { name: 'no path', positions: LEAF, code: 'leaf_id_without_path', ...names(uriName('spiffe://td')) },
  { name: 'cA', positions: LEAF, code: 'leaf_is_ca', ...having(basicConstraints(true)) },
  { name: 'cRLSign', positions: LEAF, code: 'leaf_may_sign', ...having(keyUsage([0, 6])) },
  { name: 'no keyUsage in the leaf', positions: LEAF, code: 'leaf_key_usage_missing', ...lacking(OIDS.keyUsage) },
  { name: 'keyUsage not critical', positions: LEAF, code: 'leaf_key_usage_not_critical', ...having(keyUsage([0], false)) },
  { name: 'no digitalSignature', positions: LEAF, code: 'leaf_without_digital_signature', ...having(keyUsage([2])) },
];

/** Every breach at every position of its own. */
export const BREACHES = { rfc5280: placed(RFC_5280), x509Svid: placed(X509_SVID) };

/** A breach at one position. */
export interface PlacedBreach {
  readonly breach: Breach;
  readonly position: Position;
  readonly code: SpiffeErrorCode;
}

function placed(breaches: readonly Breach[]): readonly PlacedBreach[] {
  return breaches.flatMap((breach) =>
    breach.positions.map((position) => ({
      breach,
      position,
      code: position === 3 ? (breach.anchorCode ?? breach.code) : breach.code,
    })),
  );
}

function flipped(tbs: Buffer, key: Parameters<typeof sign>[2]): Buffer {
  const signature = sign('sha256', tbs, key);
  signature.writeUInt8(signature.readUInt8(signature.length - 1) ^ 1, signature.length - 1);
  return signature;
}
