/** An X509-SVID as bytes; `parseX509Svid(material)` of `@dirgate/spiffe` takes it as it is. */
export interface X509SvidMaterial {
  readonly id: string;
  /** DER, leaf first, then the intermediates. */
  readonly certificates: readonly Uint8Array[];
  /** {@link certificates}, concatenated: the form of the Workload API. */
  readonly chain: Uint8Array;
  /** PKCS#8 DER, unencrypted. */
  readonly privateKey: Uint8Array;
  /** The leaf's notAfter, in milliseconds since the epoch. */
  readonly expiresAt: number;
  /** The root that issued it, DER. The trust domain's whole bundle is `trustDomain(name).x509BundleDer()`. */
  readonly bundle: Uint8Array;
}

/** What can be chosen about an X509-SVID. */
export interface X509SvidOptions {
  /** Lifetime from now. Default: the trust domain's `x509SvidTtlMs`. */
  readonly ttlMs?: number;
  /** Absolute end of validity, also in the past; wins over {@link ttlMs}. Rounded down to a whole second. */
  readonly expiresAt?: number;
  /** Leaves the subject empty, which makes the SAN critical. Default `false`. */
  readonly emptySubject?: boolean;
  /** DNS names beside the SPIFFE ID. Default none. */
  readonly dnsNames?: readonly string[];
}
