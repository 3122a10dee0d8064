import type { WorkloadApiLogger } from '../workload-api-logger.js';

/** Whom to tell of one kind of event. One that throws, or whose promise rejects, is reported and hinders nobody. */
export class Listeners {
  readonly #logger: WorkloadApiLogger;
  readonly #what: string;
  readonly #listeners = new Set<() => unknown>();

  /** `what`: the event's name, for reports. */
  constructor(what: string, logger: WorkloadApiLogger) {
    this.#what = what;
    this.#logger = logger;
  }

  /** Returns a function that stops it. */
  add(listener: () => void): () => void {
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

  clear(): void {
    this.#listeners.clear();
  }

  /** At once; never rejects. A listener may turn out to be an async function. */
  async #call(listener: () => unknown): Promise<void> {
    try {
      await listener();
    } catch (error) {
      this.#logger.error(`${this.#what} listener threw: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
