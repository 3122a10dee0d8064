/**
 * Drops what was withdrawn, once it stayed withdrawn for a while: SPIRE gives an entry that is not yet synchronized the
 * same status as one that was deleted (W-20, TW-1).
 */
export class WithdrawalGrace {
  readonly #graceMs: number;
  readonly #drop: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(graceMs: number, drop: () => void) {
    this.#graceMs = graceMs;
    this.#drop = drop;
  }

  /** The endpoint denies. Counts from the first time since {@link granted}. */
  denied(): void {
    this.#timer ??= setTimeout(this.#drop, this.#graceMs);
  }

  /** The endpoint gave the state anew. */
  granted(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
