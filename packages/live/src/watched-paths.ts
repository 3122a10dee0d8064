import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** How {@link WatchedPaths} looks. */
export interface WatchedPathsOptions {
  readonly paths: readonly string[];
  /** How often to look, also when nothing was told: not every file system tells, and below the first level of a directory none does. */
  readonly pollMs: number;
  /** How long to wait after the first of several changes, so that files which are written one after the other are one look. Default 0. */
  readonly settleMs?: number;
  readonly look: () => void;
}

/**
 * Calls `look` when anything happened at a path or in the directory that it is in, and every `pollMs` besides. The directory around, as
 * what changes may be a symbolic link; not when another file there is only written to, as a log would be all the time. After every
 * change there is a look that begins after it. Does not hold the process.
 */
export class WatchedPaths {
  readonly #options: WatchedPathsOptions;
  readonly #namesByDirectory = new Map<string, Set<string>>();
  readonly #timer: NodeJS.Timeout;
  #watchers: readonly FSWatcher[] = [];
  #settling: NodeJS.Timeout | undefined;

  constructor(options: WatchedPathsOptions) {
    this.#options = options;
    for (const path of options.paths) {
      const names = this.#namesByDirectory.get(dirname(path)) ?? new Set();
      this.#namesByDirectory.set(dirname(path), names.add(basename(path)));
    }
    this.#watch();
    this.#timer = setInterval(() => {
      // What was watched may have been replaced: its watcher would be silent for ever.
      this.#watch();
      options.look();
    }, options.pollMs).unref();
  }

  /** Looks no more. */
  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#settling);
    this.#unwatch();
  }

  #watch(): void {
    this.#unwatch();
    const directories = [...this.#namesByDirectory].map(([directory, names]) =>
      this.#open(directory, (changed) => changed === null || names.has(changed)),
    );
    const paths = this.#options.paths.map((path) => this.#open(path, () => true));
    this.#watchers = [...directories, ...paths].filter((opened) => opened !== undefined);
  }

  #unwatch(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  /** `concerns` tells whose contents matter. */
  #open(place: string, concerns: (changed: string | null) => boolean): FSWatcher | undefined {
    try {
      const watcher = watch(place, { persistent: false }, (event, changed) => {
        if (event === 'rename' || concerns(changed)) this.#touched();
      });
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      return undefined; // The next poll tries again.
    }
  }

  #touched(): void {
    const { settleMs = 0, look } = this.#options;
    if (settleMs === 0) {
      look();
      return;
    }
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      look();
    }, settleMs).unref();
  }
}
