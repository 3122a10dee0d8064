/** A call that was allowed and has not ended. */
export interface LiveCall {
  /** Ends the call when what it was allowed by does not hold any more. Never throws. */
  recheck(now: number): void;
}

/** How often deadlines are looked at. A clock that jumps is noticed too, which a timer per call would miss. */
const SWEEP_MS = 250;

/** The calls that must end when trust, identity or policy changes, or when their identity expires. */
export class LiveCalls {
  readonly #calls = new Set<LiveCall>();
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #recheckDue = false;

  constructor(now: () => number) {
    this.#now = now;
    this.#timer = setInterval(() => this.recheckAll(), SWEEP_MS).unref();
  }

  get size(): number {
    return this.#calls.size;
  }

  add(call: LiveCall): void {
    this.#calls.add(call);
  }

  delete(call: LiveCall): void {
    this.#calls.delete(call);
  }

  /** Rechecks all calls once the current turn of the event loop is over; several changes cost one recheck. */
  scheduleRecheck(): void {
    if (!this.#recheckDue) {
      this.#recheckDue = true;
      setImmediate(() => {
        this.#recheckDue = false;
        this.recheckAll();
      });
    }
  }

  recheckAll(): void {
    const now = this.#now();
    for (const call of [...this.#calls]) {
      call.recheck(now);
    }
  }

  /** Stops the timer. Calls that live on are not rechecked any more, so whoever closes this ends them first. */
  close(): void {
    clearInterval(this.#timer);
  }
}
