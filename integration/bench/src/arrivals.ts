/** Counts what arrives, for one who waits for so many of it. */
export class Arrivals {
  #missing = 0;
  #arrived: () => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;
  #failure: Error | undefined;

  /** Resolves when `count` more have arrived; rejects when it was told of a failure, before or meanwhile. One waits at a time. */
  next(count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#missing = count;
      this.#arrived = resolve;
      this.#failed = reject;
    });
  }

  readonly arrived = (): void => {
    this.#missing -= 1;
    if (this.#missing === 0) this.#arrived();
  };

  fail(error: Error): void {
    this.#failure ??= error;
    this.#failed(this.#failure);
  }
}
