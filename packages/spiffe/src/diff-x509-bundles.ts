import type { Certificate } from './certificate.js';
import { certificatesWithout } from './certificates-without.js';
import type { X509Bundle } from './x509-bundle.js';

/** What {@link diffX509Bundles} found. Frozen. */
export interface X509BundleDifference {
  /** Authorities that only the later bundle holds, in its order. */
  readonly added: readonly Certificate[];
  /** Authorities that only the earlier bundle holds, in its order. */
  readonly removed: readonly Certificate[];
}

/**
 * What changed from one bundle to the next. Certificates are compared byte for byte: a CA that was issued anew for the same key is
 * another authority. The trust domains are not compared; two bundles of one trust domain are what makes sense.
 */
export function diffX509Bundles(before: X509Bundle, after: X509Bundle): X509BundleDifference {
  return Object.freeze({
    added: certificatesWithout(after.authorities, before.authorities),
    removed: certificatesWithout(before.authorities, after.authorities),
  });
}
