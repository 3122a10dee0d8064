import {
  createX509Bundle,
  type IdentitySource,
  type JwtBundle,
  type JwtSvid,
  type JwtSvidRequest,
  parseTrustDomain,
  type TrustDomain,
  type X509Bundle,
  type X509Svid,
} from '@dirgate/spiffe';
import { createIdentityAuthority } from '@dirgate/testing';

/** An identity that is federated with many more trust domains, and remembers which ones it was asked for. */
export class CrowdedIdentity implements IdentitySource {
  /** Names of trust domains, in the order in which their X.509 bundles were asked for. */
  readonly asked: string[] = [];

  constructor(
    readonly inner: IdentitySource,
    readonly crowd: ReadonlyMap<string, X509Bundle>,
  ) {}

  x509Bundle(trustDomain: TrustDomain): X509Bundle | undefined {
    this.asked.push(trustDomain.name);
    return this.inner.x509Bundle(trustDomain) ?? this.crowd.get(trustDomain.name);
  }

  x509Svid(): X509Svid | undefined {
    return this.inner.x509Svid();
  }

  jwtBundle(trustDomain: TrustDomain): JwtBundle | undefined {
    return this.inner.jwtBundle(trustDomain);
  }

  fetchJwtSvid(request: JwtSvidRequest): Promise<JwtSvid> {
    return this.inner.fetchJwtSvid(request);
  }

  onChange(listener: () => void): () => void {
    return this.inner.onChange(listener);
  }
}

/** So many trust domains, each with a CA of a name of its own. Nothing can be proven by it: the CAs' own signatures are not made anew. */
export async function crowdOf(size: number): Promise<ReadonlyMap<string, X509Bundle>> {
  await using authority = await createIdentityAuthority({ trustDomains: [{ name: nameOf(0) }] });
  const [model] = authority.identityOf(`spiffe://${nameOf(0)}/x`).x509Bundle(parseTrustDomain(nameOf(0)))?.authorities ?? [];
  if (model === undefined) throw new Error('a trust domain without an authority');
  const text = Buffer.from(model.der).toString('latin1');
  return new Map(
    Array.from({ length: size }, (_, i) => {
      const certificate = Buffer.from(text.replaceAll(nameOf(0), nameOf(i)), 'latin1');
      return [nameOf(i), createX509Bundle(parseTrustDomain(nameOf(i)), [certificate])];
    }),
  );
}

/** All of one length, so that one can take the place of another in a certificate. */
function nameOf(number: number): string {
  return `td${String(number).padStart(5, '0')}.example`;
}
