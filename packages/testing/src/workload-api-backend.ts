import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  JWTBundlesResponseSchema,
  JWTSVIDRequest,
  JWTSVIDResponseSchema,
  ValidateJWTSVIDRequest,
  ValidateJWTSVIDResponseSchema,
  X509BundlesResponseSchema,
  X509SVIDResponseSchema,
} from '@dirgate/workload-api';
import type { WorkloadChange } from './workload.js';

/**
 * What a Workload API server shows: each answer is the full state of now. `undefined` = say nothing and leave the call
 * open. Each method may throw a `WorkloadApiRefusal`.
 */
export interface WorkloadApiBackend {
  x509Svids(): MessageInitShape<typeof X509SVIDResponseSchema> | undefined;
  x509Bundles(): MessageInitShape<typeof X509BundlesResponseSchema> | undefined;
  jwtBundles(): MessageInitShape<typeof JWTBundlesResponseSchema> | undefined;
  jwtSvids(request: JWTSVIDRequest): Promise<MessageInitShape<typeof JWTSVIDResponseSchema> | undefined>;
  validateJwtSvid(request: ValidateJWTSVIDRequest): MessageInitShape<typeof ValidateJWTSVIDResponseSchema> | undefined;
  /** Tells when streams must be sent anew. */
  onChange(listener: (change: WorkloadChange) => void): () => void;
}
