import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Files are written one after the other, and a directory tells of each. */
const SETTLE_MS = 50;

/** How {@link WatchedFiles} looks. */
export interface WatchedFilesOptions {
  readonly paths: readonly string[];
  /** How often to look, also when no directory told of anything: not every file system does. */
  readonly pollMs: number;
  readonly look: () => void;
}

/**
 * Calls `look` soon after anything happened in the directories of some files, and now and then besides. Directories, as what changes
 * may be a symbolic link on the way to a file. Does not hold the process.
 */
export class WatchedFiles {
  readonly #look: () => void;
  readonly #directories: ReadonlySet<string>;
  readonly #timer: NodeJS.Timeout;
  #watchers: readonly FSWatcher[] = [];
  #settling: NodeJS.Timeout | undefined;

  constructor({ paths, pollMs, look }: WatchedFilesOptions) {
    this.#look = look;
    this.#directories = new Set(paths.map((path) => dirname(path)));
    this.#watch();
    this.#timer = setInterval(() => {
      // A directory may have been replaced: its watcher would be silent for ever.
      this.#watch();
      look();
    }, pollMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#settling);
    this.#unwatch();
  }

  #watch(): void {
    this.#unwatch();
    this.#watchers = [...this.#directories].map((directory) => this.#open(directory)).filter((opened) => opened !== undefined);
  }

  #unwatch(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  #open(directory: string): FSWatcher | undefined {
    try {
      const watcher = watch(directory, { persistent: false }, () => this.#touched());
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      return undefined; // The next poll tries again.
    }
  }

  #touched(): void {
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      this.#look();
    }, SETTLE_MS).unref();
  }
}
