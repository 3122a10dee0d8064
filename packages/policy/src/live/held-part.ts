import { PolicyError } from '../policy-error.js';
import type { FreshPart, PolicyPart } from './policy-part.js';

/** What a check found, and when it began. */
export interface FoundPart<T> extends FreshPart<T> {
  readonly at: number;
}

/** A part, what of it is in force, and how its last check went. */
export class HeldPart<T> {
  readonly part: PolicyPart<T>;
  readonly #clock: () => number;
  readonly #signal: AbortSignal;
  /** What is in force. */
  value: T | undefined;
  /** What is to come into force. */
  fresh: FoundPart<T> | undefined;
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

  /** Checks it. One check after the other; those that wait for one that runs are one. Never rejects. */
  look(): Promise<void> {
    this.#next ??= this.#last.then(() => {
      this.#next = undefined;
      return this.#look();
    });
    this.#last = this.#next;
    return this.#next;
  }

  /** `found` came into force. What a later check found meanwhile, if anything, is still to come. */
  accept(found: FoundPart<T>): void {
    found.take();
    this.value = found.value;
    this.checkedAt = found.at;
    this.#conclude(found, undefined);
  }

  /** `found` did not come into force. */
  refuse(found: FoundPart<T> | undefined, error: unknown): void {
    if (found !== undefined) this.#conclude(found, asPolicyError(error));
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
      this.fresh = fresh && { ...fresh, at: now };
      if (fresh !== undefined) return;
      this.problem = undefined;
      this.checkedAt = now;
    } catch (error) {
      if (this.#signal.aborted) return;
      this.lookedAt = now;
      this.#fail(error);
    } finally {
      this.#isSettled = false;
    }
  }

  /** What became of `found`, unless a later check has already told of something else than a find. */
  #conclude(found: FoundPart<T>, problem: PolicyError | undefined): void {
    if (this.fresh === undefined) return;
    this.problem = problem;
    if (this.fresh === found) this.fresh = undefined;
  }

  #fail(error: unknown): void {
    this.fresh = undefined;
    this.problem = asPolicyError(error);
  }
}

function asPolicyError(cause: unknown): PolicyError {
  if (cause instanceof PolicyError) return cause;
  const name = cause instanceof Error ? cause.name : 'unknown';
  return new PolicyError('load_failed', `it could not be loaded (${name}); the error's cause tells more`, { cause });
}
