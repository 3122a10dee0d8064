import { type CertificateIssuer, issueCertificate } from './issue-certificate.js';
import { newKey } from './new-key.js';
import type { X509SvidMaterial, X509SvidOptions } from './x509-svid-material.js';

/** How far back a certificate's notBefore lies, so that a peer whose clock is a little late accepts it. */
const BACKDATE_MS = 60_000;
const AUTHORITY_TTL_MS = 365 * 24 * 60 * 60 * 1000;

/** What an {@link X509Authority} is made of. */
export interface X509AuthorityOptions {
  readonly trustDomain: string;
  /** Tells authorities of one trust domain apart in their names. */
  readonly generation: number;
  readonly intermediates: number;
  readonly now: number;
}

/** One root with its chain of intermediates; the lowest of them signs. */
export class X509Authority {
  /** The root, DER: what the bundle holds. */
  readonly root: Uint8Array;
  /** Sent below the leaf, lowest first. */
  readonly #intermediates: readonly Uint8Array[];
  readonly #signer: CertificateIssuer;

  constructor({ trustDomain, generation, intermediates, now }: X509AuthorityOptions) {
    const uri = `spiffe://${trustDomain}`;
    const validity = { notBefore: now - BACKDATE_MS, notAfter: now + AUTHORITY_TTL_MS };
    let signer: CertificateIssuer = { commonName: `${commonName(trustDomain)} root ${generation}`, privateKey: newKey() };
    this.root = issueCertificate({ ...signer, ...validity, uri, ca: {} }, signer);
    const chain: Uint8Array[] = [];
    for (let level = 1; level <= intermediates; level++) {
      const name = `${commonName(trustDomain)} intermediate ${generation}.${level}`;
      const subject: CertificateIssuer = { commonName: name, privateKey: newKey() };
      const ca = { pathLength: intermediates - level };
      chain.unshift(issueCertificate({ ...subject, ...validity, uri, ca }, signer));
      signer = subject;
    }
    this.#intermediates = chain;
    this.#signer = signer;
  }

  /** A fresh key pair and its leaf for `id`. Nothing about `id` is checked here. */
  issue(id: string, options: X509SvidOptions & { readonly ttlMs: number; readonly now: number }): X509SvidMaterial {
    const notAfter = wholeSeconds(options.expiresAt ?? options.now + options.ttlMs);
    const privateKey = newKey();
    const leaf = issueCertificate(
      {
        commonName: options.emptySubject ? undefined : 'workload',
        privateKey,
        uri: id,
        dnsNames: options.dnsNames ?? [],
        // An SVID that shall be long expired still needs a period in which it was valid.
        notBefore: Math.min(options.now, notAfter) - BACKDATE_MS,
        notAfter,
      },
      this.#signer,
    );
    const certificates = [leaf, ...this.#intermediates];
    return {
      id,
      certificates,
      chain: Buffer.concat(certificates),
      privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }),
      expiresAt: notAfter,
      bundle: this.root,
    };
  }
}

/** X.509 times have whole seconds; rounding down keeps `expiresAt` equal to what the certificate says. */
function wholeSeconds(instant: number): number {
  return Math.floor(instant / 1000) * 1000;
}

/** A common name has at most 64 characters (RFC 5280 ub-common-name). */
function commonName(trustDomain: string): string {
  return trustDomain.slice(0, 36);
}
