/** How long to wait between attempts. */
export interface BackoffOptions {
  /** Before the second attempt. Default 1000. */
  readonly initialMs?: number;
  /** The longest wait. Default 30 000 (W-8). */
  readonly maxMs?: number;
}

/** Doubling waits with jitter, so that workloads cut off together do not come back together. */
export class Backoff {
  readonly initialMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #nextMs: number;

  constructor({ initialMs = 1000, maxMs = 30_000 }: BackoffOptions = {}, random: () => number = Math.random) {
    this.initialMs = initialMs;
    this.#maxMs = maxMs;
    this.#random = random;
    this.#nextMs = Math.min(initialMs, maxMs);
  }

  /** The next wait: between half of the present step and the whole of it. */
  next(): number {
    const step = this.#nextMs;
    this.#nextMs = Math.min(step * 2, this.#maxMs);
    return step * (0.5 + this.#random() / 2);
  }

  /** Begins anew, after something worked. */
  reset(): void {
    this.#nextMs = Math.min(this.initialMs, this.#maxMs);
  }
}
