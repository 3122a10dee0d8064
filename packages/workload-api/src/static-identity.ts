import {
  createBundleSet,
  type IdentitySource,
  type JwtBundle,
  type JwtSvid,
  type JwtSvidRequest,
  type X509Bundle,
  type X509Svid,
} from '@dirgate/spiffe';
import { WorkloadApiError } from './workload-api-error.js';

/** What {@link staticIdentity} holds. */
export interface StaticIdentityContent {
  /** Default: none. */
  readonly svid?: X509Svid;
  /** Our own and the federated ones. Default: none. */
  readonly x509Bundles?: readonly X509Bundle[];
  /** Our own and the federated ones. Default: none. */
  readonly jwtBundles?: readonly JwtBundle[];
  /** Gives tokens. Default: there are none. */
  readonly fetchJwtSvid?: (request: JwtSvidRequest) => Promise<JwtSvid>;
}

/**
 * An identity that never changes, for tests and tools. Nothing is checked: neither that the SVID is valid nor that it belongs to a
 * bundle; it stays when its time is over. Its `onChange` never tells.
 *
 * @throws SpiffeError `duplicate_trust_domain` when two bundles of one kind are of one trust domain
 */
export function staticIdentity({ svid, x509Bundles = [], jwtBundles = [], fetchJwtSvid }: StaticIdentityContent): IdentitySource {
  const bundles = createBundleSet({ x509: x509Bundles, jwt: jwtBundles });
  return Object.freeze({
    ...bundles,
    x509Svid: () => svid,
    fetchJwtSvid: fetchJwtSvid ?? noToken,
    onChange: () => () => {},
  });
}

async function noToken(): Promise<JwtSvid> {
  throw new WorkloadApiError('jwt_svid_unavailable', 'this identity has no JWT-SVIDs');
}
