const DEFAULT_LIMIT_MS = 60_000;

/** Counts what arrives, for one who waits for so many of it. */
export class Arrivals {
  readonly #limitMs: number;
  #missing = 0;
  #arrived: () => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;
  #failure: Error | undefined;

  /** `limitMs`: how long anybody waits, one minute if nothing is said. */
  constructor(limitMs: number = DEFAULT_LIMIT_MS) {
    this.#limitMs = limitMs;
  }

  /**
   * Resolves when `count` more have arrived; rejects when they do not come in time, or when it was told of a failure, before or
   * meanwhile. One waits at a time.
   */
  async next(count: number): Promise<void> {
    if (this.#failure) throw this.#failure;
    const late = (): void => this.fail(new Error(`${this.#missing} of ${count} have not arrived`));
    const timer = setTimeout(late, this.#limitMs);
    const all = new Promise<void>((resolve, reject) => {
      this.#missing = count;
      this.#arrived = resolve;
      this.#failed = reject;
    });
    await all.finally(() => clearTimeout(timer));
  }

  readonly arrived = (): void => {
    this.#missing -= 1;
    if (this.#missing === 0) this.#arrived();
  };

  fail(error: Error): void {
    this.#failure ??= error;
    this.#failed(this.#failure);
  }
}
