import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/**
 * Calls `look` when anything happened at a path or in the directory that it is in, and every `pollMs` besides: not every file system
 * tells, and below the first level of a directory none does. The directory around, as what changes may be a symbolic link; not when
 * another file there is only written to, as a log would be all the time.
 * Does not hold the process.
 */
export class WatchedPath {
  readonly #look: () => void;
  readonly #path: string;
  readonly #timer: NodeJS.Timeout;
  #watchers: readonly FSWatcher[] = [];

  constructor(path: string, pollMs: number, look: () => void) {
    this.#look = look;
    this.#path = path;
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
    const name = basename(this.#path);
    const watchers = [this.#open(dirname(this.#path), (changed) => changed === null || changed === name), this.#open(this.#path)];
    this.#watchers = watchers.filter((opened) => opened !== undefined);
  }

  #unwatch(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  /** `concerns` tells whose contents matter. */
  #open(place: string, concerns: (changed: string | null) => boolean = () => true): FSWatcher | undefined {
    try {
      const watcher = watch(place, { persistent: false }, (event, changed) => {
        if (event === 'rename' || concerns(changed)) this.#look();
      });
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      return undefined; // The next poll tries again.
    }
  }
}
