import { setTimeout as delay } from 'node:timers/promises';
import { pathVersion } from './path-version.js';
import { PolicyError } from './policy-error.js';
import type { FreshPart, PolicyPart } from './policy-part.js';
import { readSettled } from './settled-read.js';
import { WatchedPath } from './watched-path.js';

/** How files are watched. */
export interface WatchOptions {
  /** How often to look, should the directory not tell of a change. Default 10 000. */
  readonly pollMs?: number;
  /**
   * For how long a file must lie still before it is read. Default 100. Who always replaces it by a rename, as one should, may say 0:
   * half of a file that is written in place can be valid, too.
   */
  readonly settleMs?: number;
}

/** A part that is at a path. */
export class FilePart<T> implements PolicyPart<T> {
  readonly isLive = true;
  readonly etag = undefined;
  readonly #path: string;
  readonly #read: (path: string) => Promise<T>;
  readonly #options: Required<WatchOptions>;
  #watched: WatchedPath | undefined;
  #taken: string | undefined;
  #isFirst = true;

  constructor(path: string, read: (path: string) => Promise<T>, options: Required<WatchOptions>) {
    this.#path = path;
    this.#read = read;
    this.#options = options;
  }

  async check(signal: AbortSignal): Promise<FreshPart<T> | undefined> {
    if (this.#taken !== undefined && (await pathVersion(this.#path)) === this.#taken) return undefined;
    // Who starts waits for nobody.
    const settleMs = this.#isFirst ? 0 : this.#options.settleMs;
    this.#isFirst = false;
    const pause = async (): Promise<void> => {
      signal.throwIfAborted();
      if (settleMs > 0) await delay(settleMs, undefined, { signal });
    };
    const settled = await readSettled({ path: this.#path, pause, read: () => this.#read(this.#path) });
    if (settled === undefined) {
      throw new PolicyError('file_unsettled', `${this.#path}: it keeps changing while it is read; replace it by a rename`);
    }
    const take = (): void => {
      this.#taken = settled.version;
    };
    return { value: settled.value, take };
  }

  watch(look: () => void): void {
    this.#watched = new WatchedPath(this.#path, this.#options.pollMs, look);
  }

  checked(): void {}

  close(): void {
    this.#watched?.close();
  }
}
