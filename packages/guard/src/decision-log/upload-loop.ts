import type { DecisionBatch, packBatch } from './decision-batch.js';
import type { UploadOutcome } from './log-service.js';

/** What an upload may take. */
export interface UploadLimits {
  readonly maxBatchBytes: number;
  readonly maxWaitingBytes: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/** As OPA's: the delay grows by this factor with each failure, and is off by this share at random. */
const FIRST_RETRY_MS = 100;
const RETRY_GROWTH = 1.6;
const RETRY_JITTER = 0.2;
/** How well lines compress before the first batch has told. */
const FIRST_RATIO = 4;

/** Lines of ASCII that wait for a service. One attempt at a time, in order. */
export class UploadLoop {
  readonly #limits: UploadLimits;
  readonly #pack: typeof packBatch;
  readonly #post: (body: Buffer) => Promise<UploadOutcome>;
  readonly #random: () => number;
  #lines: string[] = [];
  #bytes = 0;
  #ratio = FIRST_RATIO;
  #retries = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  /** How many of the first lines are on their way. */
  #inFlight = 0;
  #closed = false;
  #uploaded = 0;
  #dropped = 0;
  #failures = 0;
  #lastFailure: string | undefined;

  /** `post` must not reject. */
  constructor(
    limits: UploadLimits,
    pack: typeof packBatch,
    post: (body: Buffer) => Promise<UploadOutcome>,
    random: () => number = Math.random,
  ) {
    this.#limits = limits;
    this.#pack = pack;
    this.#post = post;
    this.#random = random;
  }

  get uploaded(): number {
    return this.#uploaded;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get failures(): number {
    return this.#failures;
  }

  get lastFailure(): string | undefined {
    return this.#lastFailure;
  }

  accept(lines: readonly string[]): void {
    for (const line of lines) {
      if (this.#closed || this.#bytes + line.length > this.#limits.maxWaitingBytes) {
        this.#dropped += 1;
      } else {
        this.#lines.push(line);
        this.#bytes += line.length;
      }
    }
    this.#schedule();
  }

  /** Sends at once. Resolves when every line so far was accepted or dropped, or when an attempt failed. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length > 0 && !this.#closed) {
      this.#sending ??= this.#sendAll();
    }
    return this.#sending ?? Promise.resolve();
  }

  /** What waits is dropped. What is on its way is counted when it ends. */
  close(): void {
    clearTimeout(this.#timer);
    this.#closed = true;
    this.#dropped += this.#lines.length - this.#inFlight;
    this.#lines.length = this.#inFlight;
  }

  #schedule(): void {
    if (this.#sending !== undefined || this.#lines.length === 0 || this.#closed) {
      return;
    }
    const full = this.#bytes >= this.#limits.maxBatchBytes * this.#ratio;
    if (full && this.#retries === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#sending = this.#sendAll();
    } else {
      this.#timer ??= setTimeout(() => this.flush(), this.#delay()).unref();
    }
  }

  #delay(): number {
    const { minDelayMs, maxDelayMs } = this.#limits;
    if (this.#retries === 0) {
      return minDelayMs + (maxDelayMs - minDelayMs) * this.#random();
    }
    const longest = Math.max(maxDelayMs, FIRST_RETRY_MS); // also where nothing else waits: a service that fails is not hammered
    const delay = Math.min(FIRST_RETRY_MS * RETRY_GROWTH ** (this.#retries - 1), longest);
    return delay * (1 + RETRY_JITTER * (2 * this.#random() - 1));
  }

  async #sendAll(): Promise<void> {
    await Promise.resolve(); // so that it has not ended before the field says that it runs
    let going = true;
    while (going && this.#lines.length > 0) {
      going = await this.#sendOne();
    }
    this.#sending = undefined;
    this.#schedule();
  }

  /** Whether to go on with the next batch at once. */
  async #sendOne(): Promise<boolean> {
    let batch: DecisionBatch | undefined;
    try {
      batch = await this.#pack(this.#lines, this.#limits.maxBatchBytes, this.#ratio);
    } catch {
      this.#ratio = 1; // no memory for it: less goes into the next
      return this.#retryLater('pack_failed');
    }
    if (this.#closed) {
      return false;
    }
    if (batch === undefined) {
      this.#drop(1); // larger than a batch all by itself
      return true;
    }
    this.#ratio = batch.ratio;
    this.#inFlight = batch.count;
    const outcome = await this.#post(batch.body);
    this.#inFlight = 0;
    if (outcome.kind === 'accepted') {
      this.#retries = 0;
      this.#uploaded += batch.count;
      this.#take(batch.count);
      return true;
    }
    if (outcome.kind === 'refused' || this.#closed) {
      this.#failures += 1;
      this.#lastFailure = outcome.reason;
      this.#drop(batch.count);
      return true;
    }
    return this.#retryLater(outcome.reason);
  }

  #retryLater(reason: string): false {
    this.#failures += 1;
    this.#lastFailure = reason;
    this.#retries += 1;
    return false;
  }

  #drop(count: number): void {
    this.#dropped += Math.min(count, this.#lines.length);
    this.#take(count);
  }

  #take(count: number): void {
    for (const line of this.#lines.splice(0, count)) {
      this.#bytes -= line.length;
    }
  }
}
