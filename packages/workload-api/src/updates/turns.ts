import { setImmediate as nextTurn } from 'node:timers/promises';

const TURN_MS = 10;

/** Divides long work into turns of some ten milliseconds, so that it never holds up everything else for long. */
export class Turns {
  readonly #now: () => number;
  readonly #yieldTo: () => Promise<unknown>;
  #until: number;

  /** `now`: monotonic, in ms. `yieldTo` resolves after others had their turn. */
  constructor(now: () => number = () => performance.now(), yieldTo: () => Promise<unknown> = () => nextTurn()) {
    this.#now = now;
    this.#yieldTo = yieldTo;
    this.#until = now() + TURN_MS;
  }

  /** To be asked between steps: whether the next one has to wait for {@link next}. */
  get isOver(): boolean {
    return this.#now() >= this.#until;
  }

  /** Lets others have their turn, then begins a new one. */
  async next(): Promise<void> {
    await this.#yieldTo();
    this.#until = this.#now() + TURN_MS;
  }
}
