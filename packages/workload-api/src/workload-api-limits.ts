import { requireInRange } from './number-range.js';

/** The largest messages and bundles that are taken from an endpoint; larger ones are discarded. */
export interface WorkloadApiLimits {
  /** Default 64 MiB. */
  readonly maxResponseBytes?: number;
  /** Most bundles in one message. Default 20 000. */
  readonly maxBundles?: number;
  /**
   * Largest bundle of another trust domain; one that is larger is reported and not trusted. Our own may have 4 MiB; where no SVID of
   * ours tells which is our own, as with bundles alone, this counts for all. Default 256 KiB.
   */
  readonly maxFederatedBundleBytes?: number;
}

/** Fills in the defaults. @throws WorkloadApiError `option_invalid` */
export function readLimits(limits: WorkloadApiLimits = {}): Required<WorkloadApiLimits> {
  const { maxResponseBytes, maxBundles, maxFederatedBundleBytes } = limits;
  return {
    maxResponseBytes: requireInRange('limits.maxResponseBytes', maxResponseBytes ?? 64 * 1024 * 1024),
    maxBundles: requireInRange('limits.maxBundles', maxBundles ?? 20_000),
    maxFederatedBundleBytes: requireInRange('limits.maxFederatedBundleBytes', maxFederatedBundleBytes ?? 256 * 1024),
  };
}
