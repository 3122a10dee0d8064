import type { IdentitySource, X509Svid } from '@dirgate/spiffe';

/** An identity that presents `svid` whatever `source` would, as an attacker does. */
export function presenting(svid: X509Svid, source: IdentitySource): IdentitySource {
  return {
    x509Svid: () => svid,
    x509Bundle: (trustDomain) => source.x509Bundle(trustDomain),
    jwtBundle: (trustDomain) => source.jwtBundle(trustDomain),
    fetchJwtSvid: (request) => source.fetchJwtSvid(request),
    onChange: (listener) => source.onChange(listener),
  };
}

/** What `source` holds now, for ever: a client that follows no rotation. */
export function frozen(source: IdentitySource): IdentitySource {
  const svid = source.x509Svid();
  const bundle = svid && source.x509Bundle(svid.id.trustDomain);
  return {
    x509Svid: () => svid,
    x509Bundle: (trustDomain) => (bundle?.trustDomain.equals(trustDomain) ? bundle : undefined),
    jwtBundle: () => undefined,
    fetchJwtSvid: (request) => source.fetchJwtSvid(request),
    onChange: () => () => undefined,
  };
}
