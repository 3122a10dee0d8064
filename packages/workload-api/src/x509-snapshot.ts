import type { X509Bundle, X509Svid } from '@dirgate/spiffe';
import type { BundleEntries } from './bundle-map.js';

/** One of our X509-SVIDs beside the bytes that it was read from. */
export interface X509SvidEntry {
  readonly svid: X509Svid;
  readonly chain: Uint8Array;
  readonly privateKey: Uint8Array;
}

/** All of one `X509SVIDResponse`, validated. Never changed after it was made (W-25). */
export interface X509Snapshot {
  /** The default identity first (W-18). */
  readonly svids: readonly [X509SvidEntry, ...X509SvidEntry[]];
  readonly bundles: BundleEntries<X509Bundle>;
}
