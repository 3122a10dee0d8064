import { createPrivateKey, type KeyObject, sign, verify } from 'node:crypto';
import type { Certificate } from './certificate.js';
import { DER_TAG, DerReader } from './der-reader.js';
import { splitDerCertificates } from './der-split.js';
import { checkLeaf } from './leaf-rules.js';
import { SpiffeError } from './spiffe-error.js';
import type { SpiffeId } from './spiffe-id.js';
import { MAX_CHAIN_CERTIFICATES, parseX509Chain } from './x509-chain.js';

/** An X509-SVID of our own: what we present, and the key that proves it. */
export interface X509Svid {
  readonly id: SpiffeId;
  /** DER, one certificate each, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly privateKey: KeyObject;
  /** The latest notBefore of {@link chain}, milliseconds since the epoch. */
  readonly validFrom: number;
  /** The earliest notAfter of {@link chain}, milliseconds since the epoch. */
  readonly validUntil: number;
  /** The operator's hint; `''` when there is none. */
  readonly hint: string;
}

/** The parts of an X509-SVID as the Workload API sends them. */
export interface X509SvidMaterial {
  /** DER certificates back to back, leaf first, intermediates after it, no root needed. */
  readonly chain: Uint8Array;
  /** Unencrypted PKCS#8, DER. */
  readonly privateKey: Uint8Array;
  readonly hint?: string;
}

/**
 * Reads an X509-SVID of our own (W-21). On return: the leaf obeys the rules for leaves, and the private key
 * belongs to it, proven by a signature. Not checked, as it takes a clock and a bundle: validity, and that the chain leads to our
 * bundle; `verifyX509Svid(svid.chain, …)` does that. The hint is taken as it is, of any length.
 *
 * @throws SpiffeError `private_key_malformed`, `private_key_mismatch`, `chain_empty`, `chain_too_many_certificates`,
 * `chain_too_large`, `der_malformed`, and the codes of the leaf's rules
 */
export function parseX509Svid(material: X509SvidMaterial): X509Svid {
  const { leaf, intermediates } = parseX509Chain(splitDerCertificates(material.chain, MAX_CHAIN_CERTIFICATES));
  const id = checkLeaf(leaf);
  const privateKey = parsePrivateKey(material.privateKey);
  if (!signsFor(leaf, privateKey)) {
    throw new SpiffeError('private_key_mismatch', 'the private key does not belong to the leaf certificate');
  }
  const certificates = [leaf, ...intermediates];
  return Object.freeze({
    id,
    chain: Object.freeze(certificates.map((certificate) => certificate.der)),
    privateKey,
    validFrom: Math.max(...certificates.map((certificate) => certificate.notBefore)),
    validUntil: Math.min(...certificates.map((certificate) => certificate.notAfter)),
    hint: material.hint ?? '',
  });
}

/** A signature is the proof: PKCS#8 may carry any public half beside the private one, and OpenSSL does not compare them. */
function signsFor(leaf: Certificate, privateKey: KeyObject): boolean {
  const { publicKey } = leaf;
  const hash = leaf.keyProfile.kind === 'ed25519' ? null : 'sha256';
  try {
    return verify(hash, leaf.der, publicKey, sign(hash, leaf.der, privateKey));
  } catch {
    return false;
  }
}

function parsePrivateKey(bytes: Uint8Array): KeyObject {
  try {
    const outer = new DerReader(bytes);
    // PrivateKeyInfo starts with a version; EncryptedPrivateKeyInfo does not. OpenSSL would overlook trailing bytes.
    outer.read(DER_TAG.sequence).readSmallInteger();
    outer.end();
    return createPrivateKey({ key: Buffer.from(bytes), format: 'der', type: 'pkcs8' });
  } catch {
    // No cause: nothing that was said about a private key is worth carrying on.
    throw new SpiffeError('private_key_malformed', 'not an unencrypted PKCS#8 private key');
  }
}
