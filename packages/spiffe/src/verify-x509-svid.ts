import type { Certificate } from './certificate.js';
import { checkPurpose, requireUsage, type X509Usage } from './certificate-rules.js';
import { checkLeaf } from './leaf-rules.js';
import type { X509BundleSource } from './sources.js';
import { SpiffeError } from './spiffe-error.js';
import type { SpiffeId } from './spiffe-id.js';
import { verifyX509Path } from './verify-x509-path.js';
import type { X509Bundle } from './x509-bundle.js';
import { parseX509Chain } from './x509-chain.js';

/** What is asked of a chain, whenever it is judged. */
export interface X509SvidExpectation {
  /** The role that the presenting peer plays in this connection. */
  readonly usage: X509Usage;
  /** Demand both purposes of the leaf where it names any, as X509-SVID §4.4 asks of issuers. Default `false`. */
  readonly requireBothUsages?: boolean;
}

/** How {@link verifyX509Svid} judges. */
export interface VerifyX509SvidOptions extends X509SvidExpectation {
  /** The instant to judge at, milliseconds since the epoch. No skew is granted. */
  readonly now: number;
}

/** A proven X509-SVID. It holds until {@link validUntil}, and only while {@link bundle} is still the trust domain's bundle. */
export interface VerifiedX509Svid {
  readonly id: SpiffeId;
  /** The latest notBefore along the path, anchor included, milliseconds since the epoch; that instant is the first valid one. */
  readonly validFrom: number;
  /** The earliest notAfter along the path, anchor included, milliseconds since the epoch; that instant is the last valid one. */
  readonly validUntil: number;
  /** The generation it was proven against. */
  readonly bundle: X509Bundle;
  /** The authority of {@link bundle} in which the path ends. */
  readonly anchor: Certificate;
  /** The certificate that names {@link id}: the first of the chain. */
  readonly leaf: Certificate;
}

/**
 * Proves the chain that a peer presented, leaf first, one DER certificate each (X509-SVID §5, RFC 5280 §6.1).
 * On return: the leaf obeys every rule for leaves, it names exactly one SPIFFE ID, and a path of valid certificates leads from it
 * to an authority of the bundle of **its own** trust domain; no other bundle was looked at.
 * Not checked: possession of the private key (TLS does that), revocation lists, and whether this ID is the wanted one.
 * Names of issuer and subject are compared byte for byte, which is stricter than RFC 5280 §7.1. No I/O; no verdict is remembered,
 * only some imported keys; work is bounded.
 *
 * @throws SpiffeError with the code of the first broken rule
 * @throws TypeError when `usage` is not one of its two values
 */
export function verifyX509Svid(
  chain: readonly Uint8Array[],
  bundles: X509BundleSource,
  options: VerifyX509SvidOptions,
): VerifiedX509Svid {
  requireUsage(options.usage);
  const { leaf, intermediates } = parseX509Chain(chain);
  const id = checkLeaf(leaf);
  if (options.requireBothUsages === true) {
    checkPurpose(leaf, 'client');
    checkPurpose(leaf, 'server');
  }

  const bundle = bundles.x509Bundle(id.trustDomain);
  if (bundle === undefined) throw new SpiffeError('trust_domain_without_bundle', 'no X.509 bundle for the trust domain');
  if (!bundle.trustDomain.equals(id.trustDomain)) {
    throw new SpiffeError('bundle_of_other_trust_domain', 'the source answered with the bundle of another trust domain');
  }
  if (bundle.authorities.length === 0) {
    throw new SpiffeError('bundle_without_authority', 'the bundle of the trust domain holds no authority');
  }

  const { anchor, validFrom, validUntil } = verifyX509Path(leaf, intermediates, bundle, options);
  return Object.freeze({ id, validFrom, validUntil, bundle, anchor, leaf });
}
