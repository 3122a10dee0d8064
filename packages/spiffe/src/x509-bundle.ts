import { decodeBase64 } from './base64.js';
import { latin1Of } from './byte-text.js';
import { type Certificate, parseCertificate } from './certificate.js';
import { certificatesWithout } from './certificates-without.js';
import { requireBytes } from './der-reader.js';
import { splitDerCertificates } from './der-split.js';
import { SpiffeError } from './spiffe-error.js';
import type { TrustDomain } from './trust-domain.js';

const MAX_BUNDLE_BYTES = 4 * 1024 * 1024;
const PEM_BLOCK = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g;

const NONE: readonly Certificate[] = Object.freeze([]);

let create: (trustDomain: TrustDomain, authorities: readonly Certificate[]) => X509Bundle;

/**
 * The X.509 authorities of one trust domain, and of no other. Immutable: a changed bundle is a new object, so the object
 * itself is the generation. Holding one means that every entry is a CA certificate of sound encoding. Whether an entry is in its
 * validity, and whether its extensions and key can be processed, is judged when a path ends in it.
 */
export class X509Bundle {
  readonly trustDomain: TrustDomain;
  /** Every one of them is an anchor, self-signed or not. In order, without byte-equal duplicates. May be empty. */
  readonly authorities: readonly Certificate[];
  readonly #bySubject: ReadonlyMap<string, readonly Certificate[]>;

  static {
    create = (trustDomain, authorities) => new X509Bundle(trustDomain, authorities);
  }

  private constructor(trustDomain: TrustDomain, authorities: readonly Certificate[]) {
    this.trustDomain = trustDomain;
    this.authorities = Object.freeze([...authorities]);
    const bySubject = new Map<string, Certificate[]>();
    for (const authority of authorities) {
      const sameName = bySubject.get(authority.subjectKey);
      if (sameName === undefined) bySubject.set(authority.subjectKey, [authority]);
      else sameName.push(authority);
    }
    for (const sameName of bySubject.values()) Object.freeze(sameName);
    this.#bySubject = bySubject;
    Object.freeze(this);
  }

  /** True for a bundle of the same trust domain with the same certificates, byte for byte. Their order does not count. */
  equals(other: X509Bundle): boolean {
    if (this === other) return true;
    if (!this.trustDomain.equals(other.trustDomain) || this.authorities.length !== other.authorities.length) return false;
    return certificatesWithout(other.authorities, this.authorities).length === 0;
  }

  /** The authorities whose subject is the name with this key ({@link Certificate.subjectKey}). Frozen, like all of this. */
  authoritiesNamed(subjectKey: string): readonly Certificate[] {
    return this.#bySubject.get(subjectKey) ?? NONE;
  }
}

/**
 * Makes a bundle of CA certificates, one DER certificate each. An empty list is allowed and trusts nothing (B-2).
 * The SPIFFE ID of a CA, or its absence, never matters.
 *
 * @throws SpiffeError `x509_bundle_entry_not_ca`, `x509_bundle_too_large` beyond 4 MiB, and for an entry that cannot be read
 * `der_malformed`, `certificate_malformed`, `certificate_version`, `signature_algorithm_mismatch`, `san_too_many_entries`,
 * `name_constraint_unprocessable`; one bad entry refuses the bundle
 */
export function createX509Bundle(trustDomain: TrustDomain, certificates: readonly Uint8Array[]): X509Bundle {
  for (const certificate of certificates) requireBytes(certificate);
  requireSize(certificates.reduce((total, certificate) => total + certificate.length, 0));
  return x509BundleOf(trustDomain, certificates.map(parseAuthority));
}

/** One entry of a bundle: a certificate that is a CA. Not public. */
export function parseAuthority(der: Uint8Array): Certificate {
  const authority = parseCertificate(der);
  if (!authority.extensions.isCa) {
    throw new SpiffeError('x509_bundle_entry_not_ca', 'a bundle holds a certificate that is not a CA');
  }
  return authority;
}

/** A bundle of what {@link parseAuthority} returned. Not public. */
export function x509BundleOf(trustDomain: TrustDomain, authorities: readonly Certificate[]): X509Bundle {
  const byDer = new Map<string, Certificate>();
  for (const authority of authorities) {
    const key = latin1Of(authority.der);
    if (!byDer.has(key)) byDer.set(key, authority);
  }
  return create(trustDomain, [...byDer.values()]);
}

/**
 * Reads a bundle as the Workload API sends it: one or more DER certificates back to back, nothing else. No bytes at all are an
 * empty mandatory field (W-14), hence refused; to trust nothing, say so with `createX509Bundle(trustDomain, [])`.
 *
 * @throws SpiffeError `x509_bundle_empty`, `der_malformed`, and as {@link createX509Bundle}
 */
export function parseX509Bundle(trustDomain: TrustDomain, der: Uint8Array): X509Bundle {
  requireBytes(der);
  requireSize(der.length);
  if (der.length === 0) throw new SpiffeError('x509_bundle_empty', 'an X.509 bundle without a single byte');
  return createX509Bundle(trustDomain, splitDerCertificates(der));
}

/**
 * Reads a bundle from PEM text: one or more `CERTIFICATE` blocks of one certificate each. Text between blocks is skipped, as
 * RFC 7468 §2 allows; a block of another kind (a private key, say) or a broken one is refused.
 *
 * @throws SpiffeError `x509_bundle_empty`, `x509_bundle_not_pem`, and as {@link createX509Bundle}
 */
export function parseX509BundlePem(trustDomain: TrustDomain, pem: string): X509Bundle {
  if (typeof pem !== 'string') throw notPem();
  // Base64 makes four characters of three bytes; line breaks and comments are in the rest.
  if (pem.length > 2 * MAX_BUNDLE_BYTES) requireSize(pem.length);
  const certificates: Uint8Array[] = [];
  const between = pem.replace(PEM_BLOCK, (_block, body: string) => {
    const der = decodeBase64(body.replace(/\s+/g, ''));
    if (der === undefined) throw notPem();
    certificates.push(der);
    return '';
  });
  if (between.includes('-----')) throw notPem();
  if (certificates.length === 0) throw new SpiffeError('x509_bundle_empty', 'no CERTIFICATE block in the PEM text');
  return createX509Bundle(trustDomain, certificates);
}

function notPem(): SpiffeError {
  return new SpiffeError('x509_bundle_not_pem', 'not a list of PEM blocks of kind CERTIFICATE');
}

function requireSize(bytes: number): void {
  if (bytes > MAX_BUNDLE_BYTES) throw new SpiffeError('x509_bundle_too_large', 'an X.509 bundle of more than 4 MiB');
}
