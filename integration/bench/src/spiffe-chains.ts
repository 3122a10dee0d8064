import { type KeyObject, X509Certificate } from 'node:crypto';
import { createIdentityAuthority, type TrustDomainAuthority } from '@dirgate/testing';

/** One signature of a chain, ready for a raw `crypto.verify` with SHA-256. */
export interface RawSignature {
  readonly key: KeyObject;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** A chain as a peer presents it, beside the bare parts that raw `crypto.verify` calls need: one for each certificate, leaf first. */
export interface MeasuredChain {
  readonly certificates: readonly Uint8Array[];
  /** The CA above the last of them: what the bundle holds. */
  readonly anchor: Uint8Array;
  readonly raw: readonly RawSignature[];
}

const CA_TRUST_DOMAIN = 'authority.example';
const SVID_TTL_MS = 2 * 3_600_000;
/** Chains are issued this long; {@link shorten} makes the shorter ones of them. */
export const MAX_INTERMEDIATES = 2;

/**
 * Chains of a leaf and two intermediates: for each list of SPIFFE IDs, of whatever trust domain, a chain for each ID in it.
 * `ownCas`: each list has CAs of its own, whose keys no other list shares. All are valid as of `now`, however long issuing takes.
 */
export async function issueChains(
  ids: readonly (readonly string[])[],
  ownCas: boolean,
  now: number,
): Promise<readonly (readonly MeasuredChain[])[]> {
  await using authority = await createIdentityAuthority({
    trustDomains: [{ name: CA_TRUST_DOMAIN, intermediates: MAX_INTERMEDIATES, x509SvidTtlMs: SVID_TTL_MS }],
    clock: () => now,
  });
  const issuer = authority.trustDomain(CA_TRUST_DOMAIN);
  const keys = new Map<string, KeyObject>();
  return ids.map((list) => {
    if (ownCas) issuer.rotateX509Authority();
    return list.map((id) => issueChain(issuer, id, keys));
  });
}

/** The same with fewer intermediates: what is cut off is an authority, as any CA may be. */
export function shorten({ certificates, anchor, raw }: MeasuredChain, intermediates: number): MeasuredChain {
  const length = intermediates + 1;
  return { certificates: certificates.slice(0, length), anchor: certificates[length] ?? anchor, raw: raw.slice(0, length) };
}

function issueChain(issuer: TrustDomainAuthority, id: string, keys: Map<string, KeyObject>): MeasuredChain {
  const { certificates, bundle: anchor } = issuer.issueForeignX509Svid(id);
  const raw = certificates.map((der, index) => rawSignature(der, publicKeyOf(certificates[index + 1] ?? anchor, keys)));
  return { certificates, anchor, raw };
}

/** Each CA's key is imported once. */
function publicKeyOf(certificate: Uint8Array, keys: Map<string, KeyObject>): KeyObject {
  const name = Buffer.from(certificate).toString('latin1');
  const key = keys.get(name) ?? new X509Certificate(certificate).publicKey;
  keys.set(name, key);
  return key;
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature BIT STRING }, all of it from an issuer of ours. */
function rawSignature(der: Uint8Array, key: KeyObject): RawSignature {
  const tbs = elementAt(der, elementAt(der, 0).content);
  const algorithm = elementAt(der, tbs.end);
  const bits = elementAt(der, algorithm.end);
  return { key, signed: der.slice(tbs.start, tbs.end), signature: der.slice(bits.content + 1, bits.end) };
}

interface Element {
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

function elementAt(der: Uint8Array, start: number): Element {
  const first = der[start + 1] ?? 0;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const content = start + 2 + lengthBytes;
  const length = lengthBytes === 0 ? first : Buffer.from(der).readUIntBE(start + 2, lengthBytes);
  return { start, content, end: content + length };
}
