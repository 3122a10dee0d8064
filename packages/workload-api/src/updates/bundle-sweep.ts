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
  /** Entries that came in place of others and were not looked at here yet, in the order in which they will be. */
  #suspects = new Set<BundleEntry<Bundle>>();
  /** What listeners know instead of each suspect; without those of which they were told since. */
  #told = new Map<BundleEntry<Bundle>, Bundle | undefined>();
  #job: Job<Bundle> | undefined;
  #slice: NodeJS.Immediate | undefined;

  /** `now`: monotonic, in ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Begins with `after`, which readers see already, and takes along what was left of the map before. `changed` is called at most
   * once, before `run` returns where one slice is enough to tell.
   */
  run(before: BundleEntries<Bundle> | undefined, after: BundleEntries<Bundle> | undefined, changed: () => void): void {
    this.stop();
    // A reader was faster than the last sweep. What it saw may be gone with `before`: it could not be told from `after` alone.
    const isLate = [...this.#told].some(([entry, told]) => entry.isRead && entry.known !== told);
    const earlier = this.#suspects;
    const told = this.#told;
    const suspects = new Map<string, BundleEntry<Bundle>>();
    let gone = before?.size ?? 0;
    this.#told = new Map();
    for (const [name, entry] of after ?? []) {
      const previous = before?.get(name);
      if (previous) gone -= 1;
      if (entry !== previous) this.#told.set(entry, previous?.known);
      else if (told.has(entry)) this.#told.set(entry, told.get(entry));
      else if (!earlier.has(entry)) continue;
      suspects.set(name, entry);
    }
    this.#suspects = inOrder(suspects, earlier);
    const job: Job<Bundle> = { entries: [...this.#suspects].values(), changed, told: false };
    this.#job = job;
    if (isLate || (before === undefined) !== (after === undefined) || (gone > 0 && removesTrust(before, after))) this.#tell(job);
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
      const bundle = entry.look();
      const differs = this.#told.has(entry) && bundle !== this.#told.get(entry);
      this.#suspects.delete(entry);
      this.#told.delete(entry);
      if (differs) this.#tell(job);
      if (this.#now() >= until) {
        this.#slice = setImmediate(() => this.#continue(job));
        return;
      }
    }
  }

  /** Whoever is told looks at all that it holds: what is not read yet is then known as well. */
  #tell(job: Job<Bundle>): void {
    this.#told.clear();
    if (job.told) return;
    job.told = true;
    job.changed();
  }
}

/**
 * First what was read already, as that of our own trust domains is; then what readers asked for, as something may rest on it; then
 * the rest. Among those, what has waited since an earlier map comes first: the end of a long list has its turn too.
 */
function inOrder<Bundle extends ComparableBundle<Bundle>>(
  suspects: ReadonlyMap<string, BundleEntry<Bundle>>,
  waiting: Iterable<BundleEntry<Bundle>>,
): Set<BundleEntry<Bundle>> {
  const queue = new Set([...waiting].map(({ trustDomain }) => suspects.get(trustDomain.name)));
  const read: BundleEntry<Bundle>[] = [];
  const wanted: BundleEntry<Bundle>[] = [];
  const rest: BundleEntry<Bundle>[] = [];
  for (const entry of new Set([...queue, ...suspects.values()])) {
    if (entry?.isRead) read.push(entry);
    else if (entry?.isWanted) wanted.push(entry);
    else if (entry) rest.push(entry);
  }
  return new Set([...read, ...wanted, ...rest]);
}

interface Job<Bundle extends ComparableBundle<Bundle>> {
  readonly entries: Iterator<BundleEntry<Bundle>, undefined>;
  readonly changed: () => void;
  told: boolean;
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
