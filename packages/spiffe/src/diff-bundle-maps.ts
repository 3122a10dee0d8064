import type { BundleMap } from './bundle-map.js';
import type { SpiffeBundle } from './spiffe-bundle.js';

/** What {@link diffBundleMaps} found. Frozen. */
export interface BundleMapDifference {
  /** Bundles of trust domains that only the later map names. */
  readonly added: readonly SpiffeBundle[];
  /** Bundles of trust domains that only the earlier map names: nothing of them is trusted any more (B-16). */
  readonly removed: readonly SpiffeBundle[];
  /** Later bundles of trust domains that both name, where the two are not equal; sequence and refresh hint count too. */
  readonly changed: readonly SpiffeBundle[];
}

/** What changed from one map to the next, so that only what it concerns is judged again. Nothing in all three: the maps are equal. */
export function diffBundleMaps(before: BundleMap, after: BundleMap): BundleMapDifference {
  const isNew = ({ trustDomain }: SpiffeBundle) => before.bundle(trustDomain) === undefined;
  const isGone = ({ trustDomain }: SpiffeBundle) => after.bundle(trustDomain) === undefined;
  const isChanged = (bundle: SpiffeBundle) => before.bundle(bundle.trustDomain)?.equals(bundle) === false;
  return Object.freeze({
    added: Object.freeze(after.bundles.filter(isNew)),
    removed: Object.freeze(before.bundles.filter(isGone)),
    changed: Object.freeze(after.bundles.filter(isChanged)),
  });
}
