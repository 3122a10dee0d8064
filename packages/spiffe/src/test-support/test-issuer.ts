import { type KeyObject, sign } from 'node:crypto';
import { ascii, bitString, boolean, commonName, octetString, oid, sequence, smallInteger, time, tlv } from './der-writer.js';
import { ecPair } from './jwt-issuer.js';

/** The frozen clock of the X.509 tests, and a validity around it. */
export const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);
export const HOUR_MS = 3_600_000;

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export const OIDS = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  san: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** A fresh P-256 key; making one costs less than using it. */
export const newKey = (): KeyPair => ecPair();

export const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** Every member replaces what a good certificate would have. */
export interface CertificateSpec {
  readonly subject?: string | Uint8Array;
  readonly issuer?: string | Uint8Array;
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly validity?: Uint8Array;
  readonly version?: Uint8Array;
  readonly serial?: Uint8Array;
  readonly key?: KeyPair;
  readonly spki?: Uint8Array;
  /** By OID; `null` leaves the extension out, what is not there is added. */
  readonly extensions?: Readonly<Record<string, Extension | null>>;
  /** Encoded extensions, appended as they are. */
  readonly rawExtensions?: readonly Uint8Array[];
  readonly noExtensions?: boolean;
  readonly uniqueIds?: readonly Uint8Array[];
  /** AlgorithmIdentifier inside, and (by default the same) outside. */
  readonly algorithm?: Uint8Array;
  readonly outerAlgorithm?: Uint8Array;
  readonly signWith?: (tbs: Buffer, key: KeyObject) => Buffer;
  /** Signs instead of the issuer's key. */
  readonly signer?: KeyPair;
}

export interface Issued {
  readonly der: Buffer;
  readonly name: string | Uint8Array;
  readonly key: KeyPair;
}

export const extension = (id: string, critical: boolean, value: Uint8Array): Extension => ({ oid: id, critical, value });
export const encodeExtension = (one: Extension): Buffer =>
  sequence(oid(one.oid), ...(one.critical ? [boolean(true)] : []), octetString(one.value));

export const uriName = (text: string): Buffer => tlv(0x86, ascii(text));
export const dnsName = (text: string): Buffer => tlv(0x82, ascii(text));
export const ipName = (...octets: readonly number[]): Buffer => tlv(0x87, Buffer.from(octets));
export const san = (names: readonly Uint8Array[], critical = false): Extension =>
  extension(OIDS.san, critical, sequence(...names));

/** Key usage from its bits in order: digitalSignature is bit 0, keyCertSign bit 5, cRLSign bit 6. */
export function keyUsage(bits: readonly number[], critical = true): Extension {
  const byte = bits.reduce((value, bit) => value | (0x80 >> bit), 0);
  let unused = 0;
  while (byte !== 0 && ((byte >> unused) & 1) === 0) unused++;
  return extension(OIDS.keyUsage, critical, byte === 0 ? bitString(Buffer.alloc(0)) : bitString(Buffer.from([byte]), unused));
}

export const extendedKeyUsage = (...purposes: readonly string[]): Extension =>
  extension(OIDS.extendedKeyUsage, false, sequence(...purposes.map(oid)));
export const basicConstraints = (ca: boolean, pathLength?: number): Extension =>
  extension(
    OIDS.basicConstraints,
    true,
    sequence(...(ca ? [boolean(true)] : []), ...(pathLength === undefined ? [] : [smallInteger(pathLength)])),
  );

export function nameConstraints(trees: { permitted?: readonly Uint8Array[]; excluded?: readonly Uint8Array[] }): Extension {
  const list = (tag: number, names: readonly Uint8Array[] | undefined) =>
    names === undefined ? [] : [tlv(tag, ...names.map((name) => sequence(name)))];
  return extension(OIDS.nameConstraints, true, sequence(...list(0xa0, trees.permitted), ...list(0xa1, trees.excluded)));
}

export const unknownExtension = (critical: boolean): Extension => extension('1.3.6.1.4.1.55555.1', critical, Buffer.from([5, 0]));

function issue(
  issuer: Issued | undefined,
  base: Readonly<Record<string, Extension>>,
  subject: string,
  spec: CertificateSpec,
): Issued {
  const key = spec.key ?? newKey();
  const name = spec.subject ?? subject;
  const algorithm = spec.algorithm ?? ECDSA_SHA256;
  const extensions = Object.values({ ...base, ...spec.extensions }).filter((one) => one !== null);
  const tbs = sequence(
    spec.version ?? tlv(0xa0, smallInteger(2)),
    spec.serial ?? smallInteger(7),
    algorithm,
    encodeName(spec.issuer ?? issuer?.name ?? name),
    spec.validity ?? sequence(time(spec.notBefore ?? NOW - HOUR_MS), time(spec.notAfter ?? NOW + HOUR_MS)),
    encodeName(name),
    spec.spki ?? spkiOf(key),
    ...(spec.uniqueIds ?? []),
    ...(spec.noExtensions ? [] : [tlv(0xa3, sequence(...extensions.map(encodeExtension), ...(spec.rawExtensions ?? [])))]),
  );
  const signer = spec.signer ?? issuer?.key ?? key;
  const signature = (spec.signWith ?? ((bytes, privateKey) => sign('sha256', bytes, privateKey)))(tbs, signer.privateKey);
  return { der: sequence(tbs, spec.outerAlgorithm ?? algorithm, bitString(signature)), name, key };
}

const spkis = new WeakMap<KeyPair, Buffer>();

/** Exported once: it costs more than a signature. */
export function spkiOf(key: KeyPair): Buffer {
  const spki = spkis.get(key) ?? key.publicKey.export({ format: 'der', type: 'spki' });
  spkis.set(key, spki);
  return spki;
}

function encodeName(name: string | Uint8Array): Uint8Array {
  return typeof name === 'string' ? commonName(name) : name;
}

/** A good root, or a good intermediate below `issuer`, changed by `spec`. */
export function issueCa(issuer: Issued | undefined, subject: string, spec: CertificateSpec = {}): Issued {
  const base = { [OIDS.basicConstraints]: basicConstraints(true), [OIDS.keyUsage]: keyUsage([5, 6]) };
  return issue(issuer, base, subject, spec);
}

/** A good X509-SVID leaf for `id`, changed by `spec`. */
export function issueLeaf(issuer: Issued, id: string, spec: CertificateSpec = {}): Issued {
  const base = {
    [OIDS.basicConstraints]: basicConstraints(false),
    [OIDS.keyUsage]: keyUsage([0]),
    [OIDS.extendedKeyUsage]: extendedKeyUsage(OIDS.serverAuth, OIDS.clientAuth),
    [OIDS.san]: san([uriName(id)]),
  };
  return issue(issuer, base, 'workload', spec);
}
