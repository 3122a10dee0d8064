import type { BundleEntry, ComparableBundle } from './bundle-entry.js';
import type { BundleEntries } from './bundle-map.js';

/** How long the event loop is held at a time. */
const SLICE_MS = 10;

/**
 * Reads what nobody asked for yet, in slices, so that a bundle that cannot be read is reported though no peer of that trust domain
 * ever comes (TW-7), and tells whether the difference between two maps is one of keys or of bytes only.
 */
export class BundleSweep<Bundle extends ComparableBundle<Bundle>> {
  readonly #now: () => number;
  /** Entries that came in place of others and were not looked at yet, with what readers held before; in the order in which they came. */
  #suspects = new Map<BundleEntry<Bundle>, Bundle | undefined>();
  #job: Job<Bundle> | undefined;
  #slice: NodeJS.Immediate | undefined;

  /** `now`: monotonic, in ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Begins with `after`, giving up what was left of the map before. `changed` is called at most once, before `run` returns where
   * one slice is enough to tell.
   */
  run(before: BundleEntries<Bundle> | undefined, after: BundleEntries<Bundle> | undefined, changed: () => void): void {
    this.stop();
    const earlier = this.#suspects;
    this.#suspects = new Map();
    for (const [name, entry] of after ?? []) {
      const previous = before?.get(name);
      if (entry !== previous) this.#suspects.set(entry, previous?.known);
      else if (earlier.has(entry)) this.#suspects.set(entry, earlier.get(entry));
    }
    const job: Job<Bundle> = { entries: [...this.#suspects.keys()].values(), changed, told: false };
    this.#job = job;
    if ((before === undefined) !== (after === undefined) || removesTrust(before, after)) tell(job);
    this.#continue(job);
  }

  /** Reads no more. */
  stop(): void {
    clearImmediate(this.#slice);
    this.#job = undefined;
  }

  #continue(job: Job<Bundle>): void {
    const until = this.#now() + SLICE_MS;
    // Whoever is told may end all this.
    while (this.#job === job) {
      const { value: entry, done } = job.entries.next();
      if (done) return;
      const differs = this.#suspects.has(entry) && entry.bundle !== this.#suspects.get(entry);
      this.#suspects.delete(entry);
      if (differs) tell(job);
      if (this.#now() >= until) {
        this.#slice = setImmediate(() => this.#continue(job));
        return;
      }
    }
  }
}

interface Job<Bundle extends ComparableBundle<Bundle>> {
  readonly entries: Iterator<BundleEntry<Bundle>, undefined>;
  readonly changed: () => void;
  told: boolean;
}

function tell<Bundle extends ComparableBundle<Bundle>>(job: Job<Bundle>): void {
  if (job.told) return;
  job.told = true;
  job.changed();
}

/** Whether a trust domain is gone that was trusted, as far as anybody knew. */
function removesTrust<Bundle extends ComparableBundle<Bundle>>(
  before: BundleEntries<Bundle> | undefined,
  after: BundleEntries<Bundle> | undefined,
): boolean {
  for (const [name, entry] of before ?? []) {
    if (after?.has(name)) continue;
    if (!entry.isRead || entry.known !== undefined) return true;
  }
  return false;
}
