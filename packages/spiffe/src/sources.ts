import type { JwtBundle } from './jwt-bundle.js';
import type { SpiffeId } from './spiffe-id.js';
import type { TrustDomain } from './trust-domain.js';
import type { X509Bundle } from './x509-bundle.js';
import type { X509Svid } from './x509-svid.js';

/**
 * Where X.509 authorities come from, one trust domain at a time (X-17: never pooled).
 * A source returns the **same object** until that trust domain's bundle changes: the object is the generation, and
 * whoever cached a verdict compares it by identity.
 */
export interface X509BundleSource {
  /** The current bundle, or `undefined` when that trust domain is not trusted (any more). Synchronous, no I/O. */
  x509Bundle(trustDomain: TrustDomain): X509Bundle | undefined;
}

/** Where JWT authorities come from; same contract as {@link X509BundleSource}. */
export interface JwtBundleSource {
  /** The current bundle, or `undefined` when that trust domain is not trusted (any more). Synchronous, no I/O. */
  jwtBundle(trustDomain: TrustDomain): JwtBundle | undefined;
}

/** Both kinds of bundle. */
export interface BundleSource extends X509BundleSource, JwtBundleSource {}

/** Where our own X509-SVID comes from. */
export interface X509SvidSource {
  /** The SVID to present now; the same object until it rotates; `undefined` when there is none or it was withdrawn. */
  x509Svid(): X509Svid | undefined;
}

/** What to ask of {@link JwtSvidSource.fetchJwtSvid}. */
export interface JwtSvidRequest {
  /** The audience the token is for. One value is advised (J-28). */
  readonly audience: string | readonly string[];
  /** Which of our identities the token shall name; default: the first. */
  readonly subject?: SpiffeId;
  readonly signal?: AbortSignal;
}

/** A JWT-SVID of our own, to be sent as a bearer token. Not verified by the receiver yet. */
export interface JwtSvid {
  readonly id: SpiffeId;
  readonly token: string;
  /** `exp`, in milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly hint: string;
}

/** Where our own JWT-SVIDs come from. */
export interface JwtSvidSource {
  /** A token that is valid now. Rejects when none can be had. */
  fetchJwtSvid(request: JwtSvidRequest): Promise<JwtSvid>;
}

/** Tells when anything of a source changed. */
export interface ChangeSource {
  /** Calls `listener` after each change is visible to readers. Returns a function that stops it. */
  onChange(listener: () => void): () => void;
}

/** Own X509-SVID and X.509 bundles, live. */
export interface X509Source extends X509SvidSource, X509BundleSource, ChangeSource {}

/** Own JWT-SVIDs and JWT bundles, live. */
export interface JwtSource extends JwtSvidSource, JwtBundleSource, ChangeSource {}

/** All that a workload knows of itself and of those it trusts. */
export interface IdentitySource extends X509Source, JwtSource {}
