import type { TrustDomain } from '@dirgate/spiffe';
import { WorkloadApiError } from '../workload-api-error.js';
import type { BundleEntry, BundleReader, ComparableBundle } from './bundle-entry.js';

/** Refuses what is larger: a bundle is read in one go, and one of somebody else must not hold everything up meanwhile. */
export function parseAtMost<Bundle>(maxBytes: number, parse: BundleReader<Bundle>['parse']): BundleReader<Bundle>['parse'] {
  return (trustDomain: TrustDomain, raw: Uint8Array): Bundle => {
    if (raw.length > maxBytes) throw new WorkloadApiError('response_invalid', `it has more than ${maxBytes} bytes`);
    return parse(trustDomain, raw);
  };
}

/** Whether {@link parseAtMost} refused these bytes, or will: as our own bundle they have to be read anew. */
export function isRefusedForSize<Bundle extends ComparableBundle<Bundle>>(
  { raw, isRead, known }: BundleEntry<Bundle>,
  maxBytes: number,
): boolean {
  return raw.length > maxBytes && !(isRead && known !== undefined);
}
