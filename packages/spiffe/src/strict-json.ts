/** What a JSON text means, its numbers read as `N`. Objects have no prototype, so no member name is special. */
export type JsonValue<N = number> = null | boolean | N | string | readonly JsonValue<N>[] | JsonObject<N>;

/** A JSON object; an own property for each member. */
export interface JsonObject<N = number> {
  readonly [name: string]: JsonValue<N>;
}

/** A plain integer, of at most 20 digits and without sign, fraction or exponent, is a `bigint`; every other number is a `number`. */
export type ExactNumber = number | bigint;

/** Why a text was refused. The caller turns it into its own error. */
export type JsonFault = 'syntax' | 'duplicate-member' | 'depth';

const MAX_DEPTH = 32;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
/** BigInt takes quadratic time, hence the bound; 2^64 has 20 digits. */
const PLAIN_INTEGER = /^[0-9]{1,20}$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Reads JSON (RFC 8259) without what `JSON.parse` forgives: a member name that occurs twice in one object (also through
 * a `\u` escape), and strings that are not Unicode (lone surrogates). A byte order mark is a syntax fault, and so is
 * nesting beyond 32 levels. A number out of range reads as infinity; the caller decides.
 *
 * @throws what `fail` returns
 */
export function parseStrictJson(text: string, fail: (fault: JsonFault) => Error): JsonValue {
  // Only an exact scanner makes a bigint.
  return new Scanner(text, fail, false).document() as JsonValue;
}

/**
 * {@link parseStrictJson} for texts with integers that a double would round (B-7).
 *
 * @throws what `fail` returns
 */
export function parseStrictJsonExactly(text: string, fail: (fault: JsonFault) => Error): JsonValue<ExactNumber> {
  return new Scanner(text, fail, true).document();
}

/** True for a JSON object, false for arrays and everything else. */
export function isJsonObject<N>(value: JsonValue<N> | undefined): value is JsonObject<N> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

class Scanner {
  readonly #text: string;
  readonly #fail: (fault: JsonFault) => Error;
  readonly #exact: boolean;
  #at = 0;

  constructor(text: string, fail: (fault: JsonFault) => Error, exact: boolean) {
    this.#text = text;
    this.#fail = fail;
    this.#exact = exact;
  }

  document(): JsonValue<ExactNumber> {
    const value = this.#value(0);
    this.#skipSpace();
    if (this.#at !== this.#text.length) throw this.#fail('syntax');
    return value;
  }

  #value(depth: number): JsonValue<ExactNumber> {
    switch (this.#skipSpace()) {
      case 0x22: // "
        return this.#string();
      case 0x7b: // {
        return this.#object(depth + 1);
      case 0x5b: // [
        return this.#array(depth + 1);
      case 0x74: // t
        return this.#literal('true', true);
      case 0x66: // f
        return this.#literal('false', false);
      case 0x6e: // n
        return this.#literal('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): JsonObject<ExactNumber> {
    if (depth > MAX_DEPTH) throw this.#fail('depth');
    const object: Record<string, JsonValue<ExactNumber>> = Object.create(null);
    this.#at++;
    if (this.#skipSpace() === 0x7d) {
      this.#at++;
      return object;
    }
    for (;;) {
      if (this.#skipSpace() !== 0x22) throw this.#fail('syntax');
      const name = this.#string();
      // A member that is there is never undefined, and asking for the value is cheaper than asking for the name.
      if (object[name] !== undefined) throw this.#fail('duplicate-member');
      if (this.#skipSpace() !== 0x3a) throw this.#fail('syntax');
      this.#at++;
      object[name] = this.#value(depth);
      if (this.#endsList(0x7d)) return object;
    }
  }

  #array(depth: number): readonly JsonValue<ExactNumber>[] {
    if (depth > MAX_DEPTH) throw this.#fail('depth');
    const array: JsonValue<ExactNumber>[] = [];
    this.#at++;
    if (this.#skipSpace() === 0x5d) {
      this.#at++;
      return array;
    }
    for (;;) {
      array.push(this.#value(depth));
      if (this.#endsList(0x5d)) return array;
    }
  }

  /** Reads a comma or the closing bracket `close`; true for the latter. */
  #endsList(close: number): boolean {
    const c = this.#skipSpace();
    if (c !== close && c !== 0x2c) throw this.#fail('syntax');
    this.#at++;
    return c === close;
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let ascii = true;
    for (let i = start; ; i++) {
      const c = text.charCodeAt(i);
      if (c === 0x22) {
        this.#at = i + 1;
        const string = text.slice(start, i);
        if (!ascii && LONE_SURROGATE.test(string)) throw this.#fail('syntax');
        return string;
      }
      if (c === 0x5c) return this.#escapedString(start, i);
      // Also true for NaN, which is what the end of the text reads as.
      if (!(c >= 0x20)) throw this.#fail('syntax');
      if (c > 0x7f) ascii = false;
    }
  }

  /** A string whose first backslash is at `i`. Only its end is found here; JSON.parse is strict about escapes. */
  #escapedString(start: number, i: number): string {
    const text = this.#text;
    let end = i;
    for (let c = 0x5c; c !== 0x22; c = text.charCodeAt(end)) {
      if (end >= text.length) throw this.#fail('syntax');
      end += c === 0x5c ? 2 : 1;
    }
    let string: unknown;
    try {
      string = JSON.parse(text.slice(start - 1, end + 1));
    } catch {
      throw this.#fail('syntax');
    }
    if (typeof string !== 'string' || LONE_SURROGATE.test(string)) throw this.#fail('syntax');
    this.#at = end + 1;
    return string;
  }

  #number(): ExactNumber {
    const small = this.#plainInteger();
    if (small !== undefined) return this.#exact ? BigInt(small) : small;
    const digits = this.#numberText();
    return this.#exact && PLAIN_INTEGER.test(digits) ? BigInt(digits) : Number(digits);
  }

  /** The numbers that tokens hold, at a tenth of the price of the regular expression: 1 to 15 digits and nothing else. */
  #plainInteger(): number | undefined {
    const text = this.#text;
    const start = this.#at;
    let value = 0;
    for (let i = start; i < start + 16; i++) {
      const c = text.charCodeAt(i);
      if (c >= 0x30 && c <= 0x39) {
        value = value * 10 + (c - 0x30);
        continue;
      }
      const inNumber = c === 0x2e || c === 0x65 || c === 0x45;
      const leadingZero = i > start + 1 && text.charCodeAt(start) === 0x30;
      if (i === start || inNumber || leadingZero) return undefined;
      this.#at = i;
      return value;
    }
    return undefined;
  }

  #numberText(): string {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) throw this.#fail('syntax');
    this.#at = NUMBER.lastIndex;
    return match[0];
  }

  #literal<T extends JsonValue>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#fail('syntax');
    this.#at += word.length;
    return value;
  }

  /** Skips JSON's four white-space characters; returns the code of the next one, NaN at the end. */
  #skipSpace(): number {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at);
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return c;
      this.#at++;
    }
  }
}
