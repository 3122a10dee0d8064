const NOT_ASCII = /[\u007f-\uffff]/;
const EACH_NOT_ASCII = /[\u007f-\uffff]/g;
/** Texts beyond this number, or longer than the other: callers choose some of them, and must not choose our memory. */
const MAX_TEXTS = 2000;
const MAX_REMEMBERED_LENGTH = 200;

/**
 * The JSON text of a value in ASCII alone, everything else escaped: no terminal and no viewer is led astray by what a
 * caller wrote, and its length is its size. `undefined` for what JSON has no text for.
 *
 * @throws {TypeError} for what cannot be written
 */
export function asciiJson(value: unknown): string {
  const text = JSON.stringify(value);
  return NOT_ASCII.test(text) ? text.replaceAll(EACH_NOT_ASCII, escaped) : text;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The same for strings that come again and again. */
export class RememberedTexts {
  #texts = new Map<string, string>();

  of(value: string): string {
    const known = this.#texts.get(value);
    if (known !== undefined) {
      return known;
    }
    const text = asciiJson(value);
    if (value.length <= MAX_REMEMBERED_LENGTH) {
      if (this.#texts.size >= MAX_TEXTS) {
        this.#texts = new Map();
      }
      this.#texts.set(value, text);
    }
    return text;
  }

  /** The text of a list of such strings. */
  ofAll(values: readonly string[]): string {
    if (values.length === 1 && values[0] !== undefined) {
      return `[${this.of(values[0])}]`;
    }
    return `[${values.map((value) => this.of(value)).join()}]`;
  }
}
