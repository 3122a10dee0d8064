/** One of the two things that a policy is made of, bundle or grants, and where it comes from. */
export interface PolicyPart<T> {
  /** Whether it may change at all. */
  readonly isLive: boolean;
  /** The ETag of what was taken last, where there are any. */
  readonly etag: string | undefined;
  /**
   * What it is now; `undefined`: what was taken last.
   *
   * @throws {PolicyError} when it is nothing that could be taken
   */
  check(signal: AbortSignal): Promise<FreshPart<T> | undefined>;
  /** Calls `look` when it is time for a check, until closed. */
  watch(look: () => void): void;
  /** To be called after each check: whether it worked, and what it gave was taken. */
  checked(worked: boolean): void;
  close(): void;
}

/** What a check found. */
export interface FreshPart<T> {
  readonly value: T;
  /** To be called when it came into force: from then on it is nothing new. */
  readonly take: () => void;
}

/** A part that is what it is. */
export class FixedPart<T> implements PolicyPart<T> {
  readonly isLive = false;
  readonly etag = undefined;
  readonly #read: () => Promise<T>;
  #isTaken = false;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  async check(): Promise<FreshPart<T> | undefined> {
    if (this.#isTaken) return undefined;
    const take = (): void => {
      this.#isTaken = true;
    };
    return { value: await this.#read(), take };
  }

  watch(): void {}
  checked(): void {}
  close(): void {}
}
