import { PolicyError } from './policy-error.js';
import type { FreshPart, PolicyPart } from './policy-part.js';

/** A part, what of it is in force, and how its last check went. */
export class HeldPart<T> {
  readonly part: PolicyPart<T>;
  readonly #clock: () => number;
  readonly #signal: AbortSignal;
  /** What is in force. */
  value: T | undefined;
  /** What is to come into force. */
  fresh: FreshPart<T> | undefined;
  /** Why the last check came to nothing. */
  problem: PolicyError | undefined;
  /** When it was last found to be what is in force. */
  checkedAt: number | undefined;
  /** When it was last looked at. */
  lookedAt: number | undefined;
  #isSettled = true;
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(part: PolicyPart<T>, clock: () => number, signal: AbortSignal) {
    this.part = part;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** What there is to take, or else has been taken. */
  get latest(): T | undefined {
    return this.fresh === undefined ? this.value : this.fresh.value;
  }

  /** Checks it. One check after the other; those that wait for one that runs are one. Never rejects. */
  look(): Promise<void> {
    this.#next ??= this.#last.then(() => {
      this.#next = undefined;
      return this.#look();
    });
    this.#last = this.#next;
    return this.#next;
  }

  /** What is fresh came into force. */
  accept(): void {
    if (this.fresh === undefined) return;
    this.fresh.take();
    this.value = this.fresh.value;
    this.fresh = undefined;
    this.#confirm();
  }

  /** What is fresh did not come into force. */
  refuse(error: unknown): void {
    this.fresh = undefined;
    this.problem = asPolicyError(error);
  }

  /** Tells the part how its check went, once for each. */
  settle(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.part.checked(this.problem === undefined);
  }

  async #look(): Promise<void> {
    if (this.#signal.aborted) return;
    // From before it is read: whatever it was afterwards, then it was that.
    const now = this.#clock();
    try {
      const fresh = await this.part.check(this.#signal);
      if (this.#signal.aborted) return;
      this.lookedAt = now;
      this.fresh = fresh;
      if (fresh === undefined) this.#confirm();
    } catch (error) {
      if (this.#signal.aborted) return;
      this.lookedAt = now;
      this.refuse(error);
    }
    this.#isSettled = false;
  }

  #confirm(): void {
    this.problem = undefined;
    this.checkedAt = this.lookedAt;
  }
}

function asPolicyError(cause: unknown): PolicyError {
  if (cause instanceof PolicyError) return cause;
  const name = cause instanceof Error ? cause.name : 'unknown';
  return new PolicyError('load_failed', `it could not be loaded (${name}); the error's cause tells more`, { cause });
}
