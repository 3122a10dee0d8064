/** So long, in ms, policies are evaluated in one turn of the event loop; then others have theirs (DESIGN §4.6). */
const TURN_MS = 10;

/**
 * How much of a turn of the event loop the evaluations of one guard have taken. A caller chooses how many decisions it asks for at a
 * time, in one message or in many small ones, and must not hold up the calls of others with them.
 */
export class TurnBudget {
  readonly #monotonic: () => number;
  /** What waits for its turn, oldest first: of each call at most one request and one response. */
  readonly #waiting: (() => void)[] = [];
  #spentMs = 0;
  #turnScheduled = false;

  /** `monotonic` measures how long an evaluation takes, in milliseconds. */
  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  /** Whether what is left to do should wait for a later turn. */
  get isSpent(): boolean {
    return this.#spentMs >= TURN_MS;
  }

  /** Runs an evaluation, and counts how long it took. */
  spend<T>(evaluate: () => T): T {
    const startedAt = this.#monotonic();
    try {
      return evaluate();
    } finally {
      this.#spentMs += this.#monotonic() - startedAt;
      this.#scheduleTurn();
    }
  }

  /** Runs `work` in the next turn that has time for it. What it throws, the promise rejects with. */
  later<T>(work: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve(new Promise((settle) => settle(work()))));
      this.#scheduleTurn();
    });
  }

  #scheduleTurn(): void {
    if (!this.#turnScheduled) {
      this.#turnScheduled = true;
      setImmediate(() => this.#beginTurn());
    }
  }

  #beginTurn(): void {
    this.#turnScheduled = false;
    this.#spentMs = 0;
    do {
      this.#waiting.shift()?.();
    } while (this.#waiting.length > 0 && !this.isSpent);
    if (this.#waiting.length > 0) {
      this.#scheduleTurn();
    }
  }
}
