/** A memory of at most `capacity` values; beyond that the value that was added first is forgotten. */
export class OldestOut<V> {
  readonly #capacity: number;
  /** A Map iterates in order of insertion. */
  readonly #values = new Map<string, V>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  /** Adds what is not there yet. */
  add(key: string, value: V): void {
    this.#values.set(key, value);
    if (this.#values.size <= this.#capacity) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      break;
    }
  }
}
