import type { ComparableBundle } from './bundle-entry.js';
import type { BundleEntries } from './bundle-map.js';
import { Turns } from './turns.js';

/** Reads all bundles of a message, in turns. */
export async function readBundles<Bundle extends ComparableBundle<Bundle>>(
  entries: BundleEntries<Bundle>,
  turns: Turns = new Turns(),
): Promise<ReadonlyMap<string, Bundle>> {
  const bundles = new Map<string, Bundle>();
  for (const [name, entry] of entries) {
    if (turns.isOver) await turns.next();
    const { bundle } = entry;
    if (bundle) bundles.set(name, bundle);
  }
  return bundles;
}
