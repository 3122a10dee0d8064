/** A connection or a live call: something that was allowed, and that trust, identity, policy or time may end. */
export interface Watched {
  /** The first instant at which {@link check} may find something although nothing changed, milliseconds since the epoch. */
  readonly dueAt: number;
  /** Judges it as of `now`, and does what follows. Never throws. */
  check(now: number): void;
}

/** How often deadlines are looked at. A clock that jumps is noticed too, which a timer for each of them would miss. */
const SWEEP_MS = 250;
/** Work is done for so long at a stretch; then calls have their turn (DESIGN §4.6). */
const SLICE_MS = 10;

/** What is watched, in the order in which it is checked. */
class Lane {
  #settled = new Set<Watched>();
  /** To be checked, oldest first: a change during a pass puts what was checked already behind what still waits. */
  #unsettled = new Set<Watched>();

  get size(): number {
    return this.#settled.size + this.#unsettled.size;
  }

  /** Watches over something that was judged just now. */
  add(watched: Watched): void {
    this.#settled.add(watched);
  }

  delete(watched: Watched): void {
    this.#settled.delete(watched);
    this.#unsettled.delete(watched);
  }

  unsettleAll(): void {
    if (this.#unsettled.size === 0) {
      [this.#settled, this.#unsettled] = [this.#unsettled, this.#settled];
    } else {
      for (const watched of this.#settled) {
        this.#unsettled.add(watched);
      }
      this.#settled.clear();
    }
  }

  unsettleDue(now: number): void {
    for (const watched of this.#settled) {
      if (!(now < watched.dueAt)) {
        this.#settled.delete(watched);
        this.#unsettled.add(watched);
      }
    }
  }

  /** What is to be checked next; it counts as settled from now on. */
  next(): Watched | undefined {
    for (const watched of this.#unsettled) {
      this.#unsettled.delete(watched);
      this.#settled.add(watched);
      return watched;
    }
    return undefined;
  }
}

/**
 * Checks everything that is watched, in slices: all of it after a change, otherwise only what is due. What is neither
 * costs one comparison a sweep.
 */
export class Sweep {
  /** Checked first: a withdrawal ends open streams before anything else is done about it. */
  readonly calls = new Lane();
  readonly connections = new Lane();
  readonly #now: () => number;
  readonly #allDueAt: () => number;
  readonly #monotonic: () => number;
  readonly #timer: NodeJS.Timeout;
  #sliceDue = false;
  #passes = 0;

  /**
   * `allDueAt` answers from when on all of it is due, as what it rests on ends; it must not throw. `monotonic` measures
   * how long a slice lasts, in milliseconds.
   */
  constructor(now: () => number, allDueAt: () => number, monotonic: () => number = () => performance.now()) {
    this.#now = now;
    this.#allDueAt = allDueAt;
    this.#monotonic = monotonic;
    this.#timer = setInterval(() => this.#checkDue(), SWEEP_MS).unref();
  }

  /** How often everything that was watched had to be checked. What was judged under another count has missed a change. */
  get passes(): number {
    return this.#passes;
  }

  /** Checks everything once the current turn of the event loop is over; several changes in one turn cost one pass. */
  scheduleAll(): void {
    this.#passes += 1;
    this.calls.unsettleAll();
    this.connections.unsettleAll();
    this.#scheduleSlice();
  }

  /** Checks all calls at once, however long that takes. */
  checkCallsNow(): void {
    const now = this.#now();
    this.#passes += 1;
    this.calls.unsettleAll();
    for (let call = this.calls.next(); call !== undefined; call = this.calls.next()) {
      call.check(now);
    }
  }

  /** Stops the timer. Nothing is checked any more, so whoever closes this ends the calls first. */
  close(): void {
    clearInterval(this.#timer);
  }

  #checkDue(): void {
    const now = this.#now();
    if (!(now < this.#allDueAt())) {
      this.scheduleAll();
      return;
    }
    this.calls.unsettleDue(now);
    this.connections.unsettleDue(now);
    this.#scheduleSlice();
  }

  #scheduleSlice(): void {
    if (!this.#sliceDue) {
      this.#sliceDue = true;
      setImmediate(() => {
        this.#sliceDue = false;
        this.#checkSlice();
      });
    }
  }

  #checkSlice(): void {
    const now = this.#now();
    const startedAt = this.#monotonic();
    for (let watched = this.#next(); watched !== undefined; watched = this.#next()) {
      watched.check(now);
      if (this.#monotonic() - startedAt >= SLICE_MS) {
        this.#scheduleSlice();
        return;
      }
    }
  }

  #next(): Watched | undefined {
    return this.calls.next() ?? this.connections.next();
  }
}
