/** A memory of at most `capacity` values; beyond that the value is forgotten that was added, or added again, first. */
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

  /** All of them, the oldest first. */
  values(): IterableIterator<V> {
    return this.#values.values();
  }

  /** Adds a value as the newest, in the place of the one that is there. */
  add(key: string, value: V): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.#capacity) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      break;
    }
  }
}
