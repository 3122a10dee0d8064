import { thrownText } from './thrown-text.js';

/** Whom to tell of one kind of event. One that throws, or whose promise rejects, is reported and hinders nobody. */
export class Listeners {
  readonly #what: string;
  readonly #report: (problem: string) => void;
  readonly #listeners = new Set<() => unknown>();

  /** `what`: the event's name with its article, for reports. `report` must not throw. */
  constructor(what: string, report: (problem: string) => void) {
    this.#what = what;
    this.#report = report;
  }

  /** Returns a function that stops it. */
  add(listener: () => unknown): () => void {
    // A wrapper of its own: the same function registered twice is two registrations.
    const registered = (): unknown => listener();
    this.#listeners.add(registered);
    return () => void this.#listeners.delete(registered);
  }

  /** Calls all of them at once. */
  tell(): void {
    for (const listener of [...this.#listeners]) {
      // One listener may have stopped another.
      if (this.#listeners.has(listener)) void this.#call(listener);
    }
  }

  /** Stops all of them. */
  clear(): void {
    this.#listeners.clear();
  }

  /** At once; never rejects. A listener may turn out to be an async function. */
  async #call(listener: () => unknown): Promise<void> {
    try {
      await listener();
    } catch (error) {
      this.#report(`${this.#what} listener threw: ${thrownText(error)}`);
    }
  }
}
