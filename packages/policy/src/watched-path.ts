import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Calls `look` when anything happened at a path or in the directory that it is in, and every `pollMs` besides: not every file system
 * tells, and below the first level of a directory none does. The directory around, as what changes may be a symbolic link.
 * Does not hold the process.
 */
export class WatchedPath {
  readonly #look: () => void;
  readonly #places: readonly string[];
  readonly #timer: NodeJS.Timeout;
  #watchers: readonly FSWatcher[] = [];

  constructor(path: string, pollMs: number, look: () => void) {
    this.#look = look;
    this.#places = [dirname(path), path];
    this.#watch();
    this.#timer = setInterval(() => {
      // What was watched may have been replaced: its watcher would be silent for ever.
      this.#watch();
      look();
    }, pollMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unwatch();
  }

  #watch(): void {
    this.#unwatch();
    this.#watchers = this.#places.map((place) => this.#open(place)).filter((opened) => opened !== undefined);
  }

  #unwatch(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  #open(place: string): FSWatcher | undefined {
    try {
      const watcher = watch(place, { persistent: false }, () => this.#look());
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      return undefined; // The next poll tries again.
    }
  }
}
