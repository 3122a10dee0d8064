import { setTimeout as delay } from 'node:timers/promises';
import { WatchedPaths } from '@dirgate/live';
import { PolicyError } from '../policy-error.js';
import { pathVersion } from './path-version.js';
import type { FreshPart, PolicyPart } from './policy-part.js';
import { readSettled, type SettledRead } from './settled-read.js';

/** How files are watched. */
export interface WatchOptions {
  /** How often to look, should the directory not tell of a change. Default 10 000. */
  readonly pollMs?: number;
  /**
   * For how long a file must lie still before it is read. Default 100. 0: it is read at once, for who always replaces it by a rename
   * (a directory: by swapping a symbolic link). Half of a file that is written in place can be valid, too.
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
  #watched: WatchedPaths | undefined;
  #taken: string | undefined;
  #isFirst = true;

  constructor(path: string, read: (path: string) => Promise<T>, options: Required<WatchOptions>) {
    this.#path = path;
    this.#read = read;
    this.#options = options;
  }

  async check(signal: AbortSignal): Promise<FreshPart<T> | undefined> {
    if (this.#taken !== undefined && (await pathVersion(this.#path)) === this.#taken) return undefined;
    const settled = await this.#readSettled(signal);
    if (settled === undefined) {
      throw new PolicyError('file_unsettled', `${this.#path}: it keeps changing while it is read; replace it by a rename`);
    }
    const take = (): void => {
      this.#taken = settled.version;
    };
    return { value: settled.value, take };
  }

  watch(look: () => void): void {
    this.#watched = new WatchedPaths({ paths: [this.#path], pollMs: this.#options.pollMs, look });
  }

  checked(): void {}

  close(): void {
    this.#watched?.close();
  }

  async #readSettled(signal: AbortSignal): Promise<SettledRead<T> | undefined> {
    const { settleMs } = this.#options;
    const read = (): Promise<T> => this.#read(this.#path);
    if (settleMs === 0) {
      // From before the read: what is newer by then is read once more.
      const version = await pathVersion(this.#path);
      return { value: await read(), version };
    }
    // Who starts waits for nobody.
    const waits = !this.#isFirst;
    this.#isFirst = false;
    const pause = async (): Promise<void> => {
      signal.throwIfAborted();
      if (waits) await delay(settleMs, undefined, { signal });
    };
    return readSettled({ path: this.#path, pause, read });
  }
}
