// For users.
export type { BackoffOptions } from './calls/backoff.js';
export type { WorkloadApiCallOptions } from './calls/call-options.js';
export type { ConnectWorkloadApiOptions } from './connect-options.js';
export { connectWorkloadApi } from './connect-workload-api.js';
export type { EndpointAddress } from './calls/endpoint-address.js';
export { parseEndpointAddress } from './calls/endpoint-address.js';
export type { FileIdentity, FileIdentityOptions } from './file-identity.js';
export { fileIdentity } from './file-identity.js';
export type { FetchJwtSvidsRequest } from './fetch-jwt.js';
export { fetchJwtBundles, fetchJwtSvids } from './fetch-jwt.js';
export { fetchX509Bundles, fetchX509Svids } from './fetch-x509.js';
export type { WorkloadApiProfile } from './live/first-update.js';
export type { IdentityStateName, IdentityStatus } from './live/identity-status.js';
export type { LiveIdentity, WaitForOptions } from './live/live-identity.js';
export type { StaticIdentityContent } from './static-identity.js';
export { staticIdentity } from './static-identity.js';
export type { SvidSelection } from './svid-selection.js';
export type { ValidatedJwtSvid } from './validate-jwt-svid.js';
export { validateJwtSvid } from './validate-jwt-svid.js';
export type { WatchOptions } from './watch.js';
export { watchJwtBundles, watchX509Bundles, watchX509Svids } from './watch.js';
export type { X509Context } from './x509-context.js';
// For @dirgate/testing, which serves the other side.
export type {
  JWTBundlesRequest,
  JWTBundlesResponse,
  JWTSVID,
  JWTSVIDRequest,
  JWTSVIDResponse,
  ValidateJWTSVIDRequest,
  ValidateJWTSVIDResponse,
  X509BundlesRequest,
  X509BundlesResponse,
  X509SVID,
  X509SVIDRequest,
  X509SVIDResponse,
} from './gen/spiffe/workload/workloadapi_pb.js';
export {
  JWTBundlesRequestSchema,
  JWTBundlesResponseSchema,
  JWTSVIDRequestSchema,
  JWTSVIDResponseSchema,
  JWTSVIDSchema,
  SpiffeWorkloadAPI,
  ValidateJWTSVIDRequestSchema,
  ValidateJWTSVIDResponseSchema,
  X509BundlesRequestSchema,
  X509BundlesResponseSchema,
  X509SVIDRequestSchema,
  X509SVIDResponseSchema,
  X509SVIDSchema,
} from './gen/spiffe/workload/workloadapi_pb.js';
export type { HintedJwtSvidRequest, WorkloadApi } from './workload-api.js';
export type { WorkloadApiErrorCode } from './workload-api-error.js';
export { WorkloadApiError } from './workload-api-error.js';
export type { WorkloadApiLimits } from './workload-api-limits.js';
export type { WorkloadApiLogger } from './workload-api-logger.js';
