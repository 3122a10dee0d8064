import { SpiffeError, type TrustDomain, verifyX509Svid, type X509Bundle, type X509Svid } from '@dirgate/spiffe';

/**
 * Proves that an SVID of our own is valid now and leads to its own trust domain's bundle. It may be meant for one role
 * only, and which one we play is not known here: either will do.
 *
 * @throws SpiffeError
 */
export function verifyOwnSvid(svid: X509Svid, bundle: X509Bundle, now: number): void {
  const bundles = { x509Bundle: (trustDomain: TrustDomain) => (trustDomain.equals(bundle.trustDomain) ? bundle : undefined) };
  try {
    verifyX509Svid(svid.chain, bundles, { now, usage: 'client' });
  } catch (error) {
    if (!(error instanceof SpiffeError)) throw error;
    verifyX509Svid(svid.chain, bundles, { now, usage: 'server' });
  }
}
