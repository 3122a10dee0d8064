/** What must be undone at the end, the latest first. */
export class CleanUp implements AsyncDisposable {
  readonly #steps: (() => PromiseLike<void> | void)[] = [];

  defer(step: () => PromiseLike<void> | void): void {
    this.#steps.push(step);
  }

  /** Disposes of `resource` at the end, and hands it on. */
  use<T extends AsyncDisposable>(resource: T): T {
    this.#steps.push(() => resource[Symbol.asyncDispose]());
    return resource;
  }

  /** Takes every step, also when one fails. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        console.error('cleaning up:', error);
      }
    }
  }
}
