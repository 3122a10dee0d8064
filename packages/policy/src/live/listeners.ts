/** Whom to tell of a change. One that throws, or whose promise rejects, is reported and hinders nobody. */
export class Listeners {
  readonly #report: (problem: string) => void;
  readonly #listeners = new Set<() => unknown>();

  constructor(report: (problem: string) => void) {
    this.#report = report;
  }

  /** Returns a function that stops it. */
  add(listener: () => unknown): () => void {
    // A wrapper of its own: the same function registered twice is two registrations.
    const registered = (): unknown => listener();
    this.#listeners.add(registered);
    return () => this.#listeners.delete(registered);
  }

  /** Calls all of them at once. */
  tell(): void {
    for (const listener of [...this.#listeners]) {
      // One listener may have stopped another.
      if (this.#listeners.has(listener)) void this.#call(listener);
    }
  }

  async #call(listener: () => unknown): Promise<void> {
    try {
      await listener();
    } catch (error) {
      this.#report(`a listener threw: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
