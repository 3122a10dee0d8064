import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ComparableBundle } from './bundle-entry.js';
import type { BundleEntries } from './bundle-map.js';

const SLICE_MS = 10;

/** Reads all bundles of a message, holding the event loop for at most some ten milliseconds at a time. */
export async function readBundles<Bundle extends ComparableBundle<Bundle>>(
  entries: BundleEntries<Bundle>,
  now: () => number = () => performance.now(),
): Promise<ReadonlyMap<string, Bundle>> {
  const bundles = new Map<string, Bundle>();
  let until = now() + SLICE_MS;
  for (const [name, entry] of entries) {
    const { bundle } = entry;
    if (bundle) bundles.set(name, bundle);
    if (now() < until) continue;
    await nextTurn();
    until = now() + SLICE_MS;
  }
  return bundles;
}
