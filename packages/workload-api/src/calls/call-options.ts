import { safeLogger } from '@dirgate/live';
import { readTimeoutMs } from '../number-range.js';
import { WorkloadApiError } from '../workload-api-error.js';
import { readLimits, type WorkloadApiLimits } from '../workload-api-limits.js';
import type { WorkloadApiLogger } from '../workload-api-logger.js';
import { locateEndpoint } from './locate-endpoint.js';
import { openWorkloadApiClient, type WorkloadApiClient } from './workload-api-channel.js';

/** How one call to a Workload API is made. It has a connection of its own and leaves nothing open. */
export interface WorkloadApiCallOptions {
  /** `unix:///absolute/path` or `tcp://ip:port`. Default: the environment's `SPIFFE_ENDPOINT_SOCKET`. */
  readonly address?: string;
  /** How long to wait for the answer. Default 10 000. */
  readonly timeoutMs?: number;
  /** Ends the call. */
  readonly signal?: AbortSignal;
  /** The largest messages taken. */
  readonly limits?: WorkloadApiLimits;
  /** Told of what was left out of an answer that is otherwise good. Default: none. */
  readonly logger?: WorkloadApiLogger;
  /** Now, in ms since the epoch, for the validity of SVIDs. Default `Date.now`. */
  readonly clock?: () => number;
}

/** {@link WorkloadApiCallOptions} with every default filled in. */
export interface CallSettings {
  readonly openClient: () => WorkloadApiClient;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly maxBundles: number;
  readonly maxFederatedBundleBytes: number;
  readonly logger: WorkloadApiLogger;
  readonly clock: () => number;
}

/**
 * Fills in the defaults and finds the endpoint.
 *
 * @throws WorkloadApiError `option_invalid`, `address_missing`, `address_invalid`, `address_not_a_socket`, `aborted`
 */
export async function readCallSettings(options: WorkloadApiCallOptions): Promise<CallSettings> {
  const { signal, clock = Date.now } = options;
  const timeoutMs = readTimeoutMs('timeoutMs', options.timeoutMs, 10_000);
  const { maxResponseBytes, ...limits } = readLimits(options.limits);
  const logger = safeLogger(options.logger);
  const endpoint = await locateEndpoint(options.address, logger);
  if (signal?.aborted) throw abortedCall(signal);
  return { openClient: () => openWorkloadApiClient(endpoint, maxResponseBytes), timeoutMs, signal, ...limits, logger, clock };
}

/** What an aborted call rejects with. */
export function abortedCall(signal: AbortSignal): WorkloadApiError {
  return new WorkloadApiError('aborted', 'the call was aborted', { cause: signal.reason });
}
