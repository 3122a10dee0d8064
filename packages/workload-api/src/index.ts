// For users.
export type { BackoffOptions } from './backoff.js';
export type { ConnectWorkloadApiOptions } from './connect-options.js';
export { connectWorkloadApi } from './connect-workload-api.js';
export type { EndpointAddress } from './endpoint-address.js';
export { parseEndpointAddress } from './endpoint-address.js';
export type { WorkloadApiProfile } from './first-update.js';
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
export type { WorkloadApi } from './workload-api.js';
export type { WorkloadApiErrorCode } from './workload-api-error.js';
export { WorkloadApiError } from './workload-api-error.js';
export type { WorkloadApiLogger } from './workload-api-logger.js';
