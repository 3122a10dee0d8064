import { readArchive } from '../bundle/archive.js';
import type { ReadBundleServer } from './bundle-server.js';
import { downloadBundle, shown } from './download-bundle.js';
import type { FreshPart, PolicyPart } from './policy-part.js';

/** As OPA waits after failures. */
const firstRetryMs = 100;
const retryFactor = 1.6;

/** A bundle that a server has. */
export class ServerPart<T> implements PolicyPart<T> {
  readonly isLive = true;
  readonly #server: ReadBundleServer;
  readonly #open: (files: ReadonlyMap<string, Uint8Array>, origin: string) => Promise<T>;
  readonly #random: () => number;
  #etag: string | undefined;
  #failures = 0;
  #look: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    server: ReadBundleServer,
    open: (files: ReadonlyMap<string, Uint8Array>, origin: string) => Promise<T>,
    random: () => number = Math.random,
  ) {
    this.#server = server;
    this.#open = open;
    this.#random = random;
  }

  get etag(): string | undefined {
    return this.#etag;
  }

  async check(signal: AbortSignal): Promise<FreshPart<T> | undefined> {
    // Only what came into force: what did not is fetched again, as whatever hindered it may be gone.
    const answer = await downloadBundle(this.#server, this.#etag, signal);
    if (answer.kind === 'unchanged') return undefined;
    const origin = shown(this.#server.url);
    const value = await this.#open(await readArchive(answer.bytes, origin), origin);
    const take = (): void => {
      this.#etag = answer.etag;
    };
    return { value, take };
  }

  watch(look: () => void): void {
    this.#look = look;
    this.#wait();
  }

  checked(worked: boolean): void {
    this.#failures = worked ? 0 : this.#failures + 1;
    if (this.#look !== undefined) this.#wait();
  }

  close(): void {
    this.#look = undefined;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look?.(), this.#delayMs()).unref();
  }

  /** With jitter: servers that were cut off together do not come back together. */
  #delayMs(): number {
    const { minDelayMs, maxDelayMs } = this.#server;
    if (this.#failures === 0) return minDelayMs + (maxDelayMs - minDelayMs) * this.#random();
    const step = Math.min(firstRetryMs * retryFactor ** (this.#failures - 1), maxDelayMs);
    return step * (0.8 + 0.2 * this.#random());
  }
}
