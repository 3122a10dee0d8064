import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { ascii, octetString, oid, sequence, set, smallInteger, tlv } from './der-writer.js';
import {
  basicConstraints,
  type CertificateSpec,
  dnsName,
  type Extension,
  extension,
  HOUR_MS,
  type Issued,
  ipName,
  issueCa,
  issueLeaf,
  type KeyPair,
  keyUsage,
  nameConstraints,
  newKey,
  OIDS,
  san,
  spkiOf,
  unknownExtension,
  uriName,
} from './test-issuer.js';

/** The same sequence for the same seed. */
export interface Dice {
  /** A whole number from 0 to `sides` - 1. */
  roll(sides: number): number;
  /** True once in `sides` rolls. */
  once(sides: number): boolean;
  pick<T>(list: readonly [T, ...T[]]): T;
  shuffle<T>(list: readonly T[]): T[];
}

export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const roll = (sides: number) => Math.floor(next() * sides);
  return {
    roll,
    once: (sides) => roll(sides) === 0,
    pick: (list) => list[roll(list.length)] ?? list[0],
    shuffle: (list) =>
      list
        .map((one) => ({ one, at: next() }))
        .sort((a, b) => a.at - b.at)
        .map(({ one }) => one),
  };
}

/** Made once; a key costs more than all else. */
const EC: readonly [KeyPair, ...KeyPair[]] = [newKey(), newKey(), newKey(), newKey(), newKey(), newKey(), newKey()];
const OTHERS: readonly [KeyPair, ...KeyPair[]] = [
  generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
  generateKeyPairSync('ed25519'),
];
interface Hash {
  readonly name: string;
  readonly arc: number;
  readonly size: number;
}

const HASHES: readonly [Hash, ...Hash[]] = [
  { name: 'sha256', arc: 1, size: 32 },
  { name: 'sha384', arc: 2, size: 48 },
  { name: 'sha512', arc: 3, size: 64 },
];

/** One of the ways in which a certificate may be signed with `key`. */
function signing(dice: Dice, key: KeyPair): Pick<CertificateSpec, 'algorithm' | 'signWith'> {
  const hash = dice.pick(HASHES);
  const using = (name: string | null) => (tbs: Buffer, privateKey: KeyObject) => sign(name, tbs, privateKey);
  switch (key.publicKey.asymmetricKeyType) {
    case 'ed25519':
      return { algorithm: sequence(oid('1.3.101.112')), signWith: using(null) };
    case 'ec':
      return { algorithm: sequence(oid(`1.2.840.10045.4.3.${hash.arc + 1}`)), signWith: using(hash.name) };
    default:
      if (dice.once(2)) {
        return { algorithm: sequence(oid(`1.2.840.113549.1.1.${hash.arc + 10}`), tlv(0x05)), signWith: using(hash.name) };
      }
  }
  const digest = sequence(oid(`2.16.840.1.101.3.4.2.${hash.arc}`), tlv(0x05));
  const mgf = sequence(oid('1.2.840.113549.1.1.8'), digest);
  const parameters = sequence(tlv(0xa0, digest), tlv(0xa1, mgf), tlv(0xa2, smallInteger(hash.size)));
  return {
    algorithm: sequence(oid('1.2.840.113549.1.1.10'), parameters),
    signWith: (tbs, privateKey) => sign(hash.name, tbs, { key: privateKey, padding: 6, saltLength: hash.size }),
  };
}

/** C=US, O=SPIRE, CN=`text` in one of the usual string types, so that every name lies under one directory name. */
export function subjectOf(text: string, tag = 0x0c): Buffer {
  const attribute = (type: string, value: string, as = tag) => set(sequence(oid(type), tlv(as, Buffer.from(value))));
  return sequence(attribute('2.5.4.6', 'US', 0x13), attribute('2.5.4.10', 'SPIRE'), attribute('2.5.4.3', text));
}

const email = (text: string) => tlv(0x81, ascii(text));
const directory = (name: Uint8Array) => tlv(0xa4, name);
const organization = (name: string) =>
  sequence(set(sequence(oid('2.5.4.6'), tlv(0x13, ascii('us')))), set(sequence(oid('2.5.4.10'), tlv(0x0c, ascii(name)))));

/** Constraints that hold for every name that is generated here, alone and together. */
const CONSTRAINTS: readonly [Parameters<typeof nameConstraints>[0], ...Parameters<typeof nameConstraints>[0][]] = [
  { permitted: [uriName('td')] },
  { permitted: [uriName('other'), uriName('TD')], excluded: [uriName('.td')] },
  { permitted: [dnsName('example')] },
  { excluded: [dnsName('b.example'), email('b.example')] },
  { permitted: [ipName(10, 0, 0, 0, 255, 0, 0, 0)] },
  { excluded: [ipName(10, 1, 0, 0, 255, 255, 0, 0)] },
  { permitted: [email('example'), email('.example')] },
  { permitted: [directory(organization('spire'))] },
  { excluded: [directory(organization('other')), uriName('other')] },
];

const keyIdOf = (key: KeyPair) => createHash('sha1').update(spkiOf(key)).digest();

/** What any CA may have besides what it must have. */
function caExtensions(dice: Dice, key: KeyPair, below: number): Record<string, Extension> {
  return {
    [OIDS.basicConstraints]: basicConstraints(true, dice.once(3) ? below + dice.roll(3) : undefined),
    [OIDS.subjectKeyId]: extension(OIDS.subjectKeyId, false, octetString(keyIdOf(key))),
    ...(dice.once(4) && { [OIDS.nameConstraints]: nameConstraints(dice.pick(CONSTRAINTS)) }),
    ...(dice.once(5) && { [OIDS.extendedKeyUsage]: purposes(dice) }),
    ...(dice.once(5) && { unknown: unknownExtension(false) }),
    ...(dice.once(4) && { [OIDS.keyUsage]: keyUsage(dice.pick([[5], [0, 5, 6]]), dice.once(2)) }),
  };
}

function purposes(dice: Dice): Extension {
  const list = dice.shuffle([OIDS.serverAuth, OIDS.clientAuth, ...(dice.once(3) ? ['2.5.29.37.0', '1.2.3.4'] : [])]);
  return extension(OIDS.extendedKeyUsage, dice.once(3), sequence(...list.map(oid)));
}

const authorityKeyId = (issuer: KeyPair): Extension =>
  extension(OIDS.authorityKeyId, false, sequence(tlv(0x80, keyIdOf(issuer))));

/** A chain that must be accepted, leaf first, and the self-signed roots to judge it by. */
export interface GeneratedChain {
  readonly chain: readonly Issued[];
  readonly roots: readonly Issued[];
  /** Whether the leaf is an X509-SVID, or has no URI. */
  readonly isSvid: boolean;
}

export function generateChain(dice: Dice, now: number): GeneratedChain {
  const validity = () => ({
    notBefore: now - HOUR_MS * (1 + dice.roll(1000)),
    notAfter: dice.once(4) ? Date.UTC(2050 + dice.roll(100), 5, 1) : now + HOUR_MS * (1 + dice.roll(1000)),
  });
  const keys = dice.shuffle([...EC, ...(dice.once(4) ? [dice.pick(OTHERS)] : [])]);
  const nextKey = () => keys.pop() ?? newKey();
  const named = (text: string) => subjectOf(text, dice.pick([0x0c, 0x13]));
  const depth = dice.roll(5);

  const root = (text: string) => {
    const key = nextKey();
    const extensions = { ...caExtensions(dice, key, depth), ...(dice.once(4) && { [OIDS.keyUsage]: null }) };
    return issueCa(undefined, text, { subject: named(text), key, ...validity(), ...signing(dice, key), extensions });
  };
  const anchor = root('root');
  const cas: Issued[] = [];
  for (let i = 0; i < depth; i++) {
    const issuer = cas.at(-1) ?? anchor;
    const key = nextKey();
    const extensions = { ...caExtensions(dice, key, depth - 1 - i), [OIDS.authorityKeyId]: authorityKeyId(issuer.key) };
    const subject = dice.once(6) ? issuer.name : named(`ca ${i}`);
    cas.push(issueCa(issuer, `ca ${i}`, { subject, key, ...validity(), ...signing(dice, issuer.key), extensions }));
  }
  const isSvid = !dice.once(4);
  const leaf = generateLeaf(dice, cas.at(-1) ?? anchor, isSvid, { key: nextKey(), ...validity() });
  const strays = dice.once(4) ? [root('stray')] : [];
  const sent = [...cas.reverse(), ...strays, ...(dice.once(3) ? [anchor] : [])];
  return {
    chain: [leaf, ...(dice.once(2) ? dice.shuffle(sent) : sent)],
    roots: dice.shuffle([anchor, ...(dice.once(3) ? [root('other'), root('root')] : [])]),
    isSvid,
  };
}

function generateLeaf(dice: Dice, issuer: Issued, isSvid: boolean, spec: CertificateSpec): Issued {
  const extra = dice.shuffle([
    dnsName('a.example'),
    dnsName('A.EXAMPLE'),
    ipName(10, 2, 3, 4),
    email('a.b@example'),
    directory(subjectOf('alias')),
  ]);
  const names = dice.shuffle([...(isSvid ? [uriName('spiffe://td/a')] : []), ...extra.slice(dice.roll(5))]);
  const unnamed = dice.once(4);
  const extensions: Record<string, Extension | null> = {
    [OIDS.san]: san(names, unnamed || dice.once(2)),
    [OIDS.keyUsage]: keyUsage(dice.pick([[0], [0, 4], [0, 2]])),
    [OIDS.extendedKeyUsage]: dice.once(3) ? null : purposes(dice),
    [OIDS.authorityKeyId]: authorityKeyId(issuer.key),
    ...(dice.once(3) && { [OIDS.basicConstraints]: null }),
    ...(dice.once(4) && { unknown: unknownExtension(false) }),
  };
  const subject = unnamed ? '' : subjectOf('workload', dice.pick([0x0c, 0x13]));
  return issueLeaf(issuer, 'unused', { ...spec, subject, ...signing(dice, issuer.key), extensions });
}
