import { requireInRange } from '../number-range.js';

/** How long to wait between attempts. */
export interface BackoffOptions {
  /** Before the second attempt. Default 1000. */
  readonly initialMs?: number;
  /** The longest wait. Default 30 000 (W-8). */
  readonly maxMs?: number;
}

/** Fills in the defaults. @throws WorkloadApiError `option_invalid` */
export function readBackoff({ initialMs = 1000, maxMs = 30_000 }: BackoffOptions = {}): Required<BackoffOptions> {
  // From 1: doubling 0 waits for nothing, ever.
  return { initialMs: requireInRange('backoff.initialMs', initialMs, 1), maxMs: requireInRange('backoff.maxMs', maxMs, 1) };
}

/**
 * Doubling waits with jitter, so that workloads cut off together do not come back together. Each class of failure doubles by
 * itself: an agent that was away for long and now denies is asked again soon.
 */
export class Backoff {
  readonly initialMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  readonly #nextMs = new Map<unknown, number>();

  constructor({ initialMs = 1000, maxMs = 30_000 }: BackoffOptions = {}, random: () => number = Math.random) {
    this.initialMs = initialMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  /** The next wait after a failure of that class: between half of the present step and the whole of it. */
  next(failureClass?: unknown): number {
    const step = this.#nextMs.get(failureClass) ?? Math.min(this.initialMs, this.#maxMs);
    this.#nextMs.set(failureClass, Math.min(step * 2, this.#maxMs));
    return step * (0.5 + this.#random() / 2);
  }

  /** Begins anew, after something worked. */
  reset(): void {
    this.#nextMs.clear();
  }
}
