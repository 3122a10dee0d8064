import { type Breach, directory, email, ID, type PlacedBreach, type Position, registered } from './bad-certificates.js';
import { octetString } from './der-writer.js';
import {
  type CertificateSpec,
  dnsName,
  extension,
  type Issued,
  ipName,
  issueCa,
  issueLeaf,
  newKey,
  OIDS,
  san,
  uriName,
} from './test-issuer.js';

/** A chain as a peer sends it, leaf first, and the authorities to judge it by. */
export interface BadChain {
  readonly chain: readonly Issued[];
  readonly anchors: readonly Issued[];
}

const NAMES = ['workload', 'lower', 'upper', 'root'] as const;
const KEYS = [newKey(), newKey(), newKey(), newKey()] as const;
const IMPOSTOR = issueCa(undefined, 'root');
/** A name of every form that a constraint may be about. */
const LEAF_SAN = san([uriName(ID), dnsName('a.example'), ipName(10, 1, 2, 3), email('a@td'), directory('alias'), registered]);
const LEAF_BASE: CertificateSpec = { extensions: { [OIDS.san]: LEAF_SAN } };
/** One that no breach takes away: a certificate without a single extension would be another breach. */
const CA_BASE: CertificateSpec = {
  extensions: { [OIDS.subjectKeyId]: extension(OIDS.subjectKeyId, false, octetString(Buffer.from('id'))) },
};
/** A certificate depends on the breaches at its position and on its issuer's key, so most chains share most of theirs. */
const issuedBefore = new Map<string, Issued>();

/** leaf ← lower ← upper ← root with these breaches; `undefined` when two of them would change the same thing. */
export function badChain(...placed: readonly PlacedBreach[]): BadChain | undefined {
  const at = (position: Position) => placed.filter((one) => one.position === position).map((one) => one.breach);
  if (([0, 1, 2, 3] as const).some((position) => collide(at(position)))) return undefined;
  const root = certificate(3, at(3), undefined);
  const upper = certificate(2, at(2), root);
  const lower = certificate(1, at(1), upper);
  const leaf = certificate(0, at(0), lower);
  const isThere = (position: Position) => !at(position).some((breach) => breach.isMissing);
  return {
    chain: [leaf, ...(isThere(1) ? [lower] : []), ...(isThere(2) ? [upper] : [])],
    anchors: [isThere(3) ? root : IMPOSTOR],
  };
}

function collide(breaches: readonly Breach[]): boolean {
  if (breaches.length > 1 && breaches.some((breach) => breach.isMissing)) return true;
  const changes = breaches.flatMap(({ spec = {}, change }) => [
    ...Object.keys(spec).filter((member) => member !== 'extensions'),
    ...Object.keys(spec.extensions ?? {}),
    ...(change === undefined ? [] : ['change']),
  ]);
  return new Set(changes).size < changes.length;
}

function certificate(position: Position, breaches: readonly Breach[], issuer: Issued | undefined): Issued {
  const place = `${position} ${breaches.map((breach) => breach.name).join(' ')}`;
  // A key that is not on the list is itself a breach, and nothing below it is used again.
  const isUsual = issuer === undefined || KEYS.includes(issuer.key);
  const known = isUsual ? issuedBefore.get(place) : undefined;
  if (known !== undefined) return known;
  const issued = issue(position, issuer, breaches.map(({ spec }) => spec ?? {}).reduce(merge, { key: KEYS[position] }));
  const changed = { ...issued, der: breaches.reduce((der, { change }) => change?.(der) ?? der, issued.der) };
  if (isUsual) issuedBefore.set(place, changed);
  return changed;
}

function issue(position: Position, issuer: Issued | undefined, spec: CertificateSpec): Issued {
  if (position > 0 || issuer === undefined) return issueCa(issuer, NAMES[position], merge(CA_BASE, spec));
  return issueLeaf(issuer, ID, merge(LEAF_BASE, spec));
}

function merge(spec: CertificateSpec, more: CertificateSpec): CertificateSpec {
  return { ...spec, ...more, extensions: { ...spec.extensions, ...more.extensions } };
}
