import type { IdentitySource, JwtSvid, X509Svid } from '@dirgate/spiffe';

/** What to hold on to. */
export interface HeldCredentials {
  readonly svid?: X509Svid;
  readonly jwtSvid?: JwtSvid;
}

/** An identity that presents the same credentials for ever, as a peer does that follows no rotation. What it trusts stays live. */
export function presenting(source: IdentitySource, { svid, jwtSvid }: HeldCredentials): IdentitySource {
  return {
    x509Svid: () => svid ?? source.x509Svid(),
    x509Bundle: (trustDomain) => source.x509Bundle(trustDomain),
    jwtBundle: (trustDomain) => source.jwtBundle(trustDomain),
    fetchJwtSvid: (request) => (jwtSvid === undefined ? source.fetchJwtSvid(request) : Promise.resolve(jwtSvid)),
    onChange: (listener) => source.onChange(listener),
  };
}
