import type { X509Bundle, X509Svid } from '@dirgate/spiffe';
import type { WorkloadApiError } from '../workload-api-error.js';
import type { BundleEntries } from './bundle-map.js';

/** One of our X509-SVIDs beside the bytes that it was read from. */
export interface X509SvidEntry {
  readonly svid: X509Svid;
  readonly chain: Uint8Array;
  readonly privateKey: Uint8Array;
}

/** All of one `X509SVIDResponse` or `X509BundlesResponse`, validated. Never changed after it was made (W-25). */
export interface X509Snapshot {
  /** In the order sent (W-18). Empty where no SVID was asked for. */
  readonly svids: readonly X509SvidEntry[];
  /** The one of {@link svids} that we present; `undefined` when none of them was selected (W-19). */
  readonly chosen: X509Svid | undefined;
  readonly bundles: BundleEntries<X509Bundle>;
  /**
   * Why the SVIDs are those from before, as far as they were named again, and not the ones that came with {@link bundles}: these do not prove them, or their time is
   * over. Trust that was taken away is gone all the same.
   */
  readonly refused?: WorkloadApiError;
}
