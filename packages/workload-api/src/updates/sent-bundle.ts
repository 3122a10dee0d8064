const SCHEME = 'spiffe://';

/** Where some bytes of a message stand. */
export interface BytePlace {
  readonly start: number;
  readonly end: number;
}

/**
 * One entry of the bundle map of a message, where it stands there: of ten thousand most did not change, and to see that, nothing needs
 * to be taken out. Keeps the whole message alive.
 */
export class SentBundle {
  readonly #message: Buffer;
  readonly #keyStart: number;
  readonly #keyEnd: number;
  readonly #start: number;
  readonly #end: number;

  constructor(message: Buffer, key: BytePlace, bundle: BytePlace) {
    this.#message = message;
    this.#keyStart = key.start;
    this.#keyEnd = key.end;
    this.#start = bundle.start;
    this.#end = bundle.end;
  }

  /** As it was sent; what is no UTF-8 is U+FFFD. */
  get key(): string {
    return this.#message.toString('utf8', this.#keyStart, this.#keyEnd);
  }

  /**
   * The {@link key} after its `spiffe://`, `undefined` where it begins otherwise. Decoded by itself: a text that V8 cut out of another
   * one is found in a `Map` four times as slowly.
   */
  get name(): string | undefined {
    const start = this.#keyStart + SCHEME.length;
    if (start > this.#keyEnd || !this.#hasScheme()) return undefined;
    return this.#message.toString('utf8', start, this.#keyEnd);
  }

  /** A window on the message. */
  get bytes(): Uint8Array {
    return this.#message.subarray(this.#start, this.#end);
  }

  /** Whether {@link bytes} are these. */
  holds(raw: Uint8Array): boolean {
    const { length } = raw;
    return length === this.#end - this.#start && this.#message.compare(raw, 0, length, this.#start, this.#end) === 0;
  }

  #hasScheme(): boolean {
    for (let index = 0; index < SCHEME.length; index++) {
      if (this.#message[this.#keyStart + index] !== SCHEME.charCodeAt(index)) return false;
    }
    return true;
  }
}
