import type { JwtBundleSource } from '@dirgate/spiffe';
import { parseSpiffeId, verifyJwtSvid } from '@dirgate/spiffe';
import type { JWTSVIDRequest, ValidateJWTSVIDRequest } from '@dirgate/workload-api';
import { status } from '@grpc/grpc-js';
import type { TrustDomainAuthority } from './trust-domain-authority.js';
import type { Workload } from './workload.js';
import type { WorkloadApiBackend } from './workload-api-backend.js';
import { WorkloadApiRefusal } from './workload-api-refusal.js';

/** What SPIRE answers to a workload without a registration entry (Workload API §5.2.1). */
function noIdentity(): WorkloadApiRefusal {
  return new WorkloadApiRefusal(status.PERMISSION_DENIED, 'no identity issued');
}

/** Shows one workload of an authority through the Workload API. */
export function workloadBackend(workload: Workload, clock: () => number): WorkloadApiBackend {
  const own = (): TrustDomainAuthority => {
    if (workload.withdrawn) throw noIdentity();
    return workload.own;
  };
  const bundles = (read: (trustDomain: TrustDomainAuthority) => Uint8Array): Record<string, Uint8Array> =>
    bundleMap([own(), ...workload.federated()], read);

  return {
    onChange: (listener) => workload.onChange(listener),
    x509Svids: () => {
      const bundle = own().x509BundleDer();
      const svids = workload
        .x509Svids()
        .map(({ id, chain, privateKey }) => ({ spiffeId: id, x509Svid: chain, x509SvidKey: privateKey, bundle }));
      return { svids, federatedBundles: bundleMap(workload.federated(), (trustDomain) => trustDomain.x509BundleDer()) };
    },
    x509Bundles: () => ({ bundles: bundles((trustDomain) => trustDomain.x509BundleDer()) }),
    jwtBundles: () => ({ bundles: bundles((trustDomain) => Buffer.from(trustDomain.jwks())) }),
    jwtSvids: async (request) => {
      const ids = requestedIds(workload, request);
      const svids = ids.map(async (id) => ({
        spiffeId: id,
        svid: await workload.issueJwtSvid(id, { audience: request.audience }),
      }));
      return { svids: await Promise.all(svids) };
    },
    validateJwtSvid: (request) => {
      own();
      return validateJwtSvid(request, { jwtBundle: (trustDomain) => workload.trusted(trustDomain)?.jwtBundle() }, clock());
    },
  };
}

function bundleMap(
  trustDomains: readonly TrustDomainAuthority[],
  read: (trustDomain: TrustDomainAuthority) => Uint8Array,
): Record<string, Uint8Array> {
  return Object.fromEntries(trustDomains.map((trustDomain) => [`spiffe://${trustDomain.name}`, read(trustDomain)]));
}

/** Workload API §6.2.1: all identities, unless one is named. */
function requestedIds(workload: Workload, { audience, spiffeId }: JWTSVIDRequest): readonly string[] {
  if (audience.length === 0 || audience.includes('')) {
    throw new WorkloadApiRefusal(status.INVALID_ARGUMENT, 'audience must be specified');
  }
  if (workload.withdrawn) throw noIdentity();
  if (spiffeId === '') return workload.ids;
  try {
    parseSpiffeId(spiffeId);
  } catch {
    throw new WorkloadApiRefusal(status.INVALID_ARGUMENT, 'invalid requested SPIFFE ID');
  }
  if (!workload.ids.includes(spiffeId)) throw noIdentity();
  return [spiffeId];
}

function validateJwtSvid({ audience, svid }: ValidateJWTSVIDRequest, bundles: JwtBundleSource, now: number) {
  if (audience === '') throw new WorkloadApiRefusal(status.INVALID_ARGUMENT, 'audience must be specified');
  if (svid === '') throw new WorkloadApiRefusal(status.INVALID_ARGUMENT, 'svid must be specified');
  try {
    const { id, claims } = verifyJwtSvid(svid, bundles, { audience: [audience], now });
    return { spiffeId: id.toString(), claims: JSON.parse(JSON.stringify(claims)) };
  } catch (cause) {
    const details = cause instanceof Error ? cause.message : 'not valid';
    throw new WorkloadApiRefusal(status.INVALID_ARGUMENT, details);
  }
}
