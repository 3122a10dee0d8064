import { requireInRange } from './number-range.js';

/** The largest messages that are taken from an endpoint; larger ones are discarded. */
export interface WorkloadApiLimits {
  /** Default 64 MiB. */
  readonly maxResponseBytes?: number;
  /** Most bundles in one message. Default 20 000. */
  readonly maxBundles?: number;
}

/** Fills in the defaults. @throws WorkloadApiError `option_invalid` */
export function readLimits({ maxResponseBytes, maxBundles }: WorkloadApiLimits = {}): Required<WorkloadApiLimits> {
  return {
    maxResponseBytes: requireInRange('limits.maxResponseBytes', maxResponseBytes ?? 64 * 1024 * 1024),
    maxBundles: requireInRange('limits.maxBundles', maxBundles ?? 20_000),
  };
}
