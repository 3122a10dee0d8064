import type { JsonValue } from '@bufbuild/protobuf';

/** Nothing real nests deeper; past it the recursion below, and that of every reader, would be at risk. */
const maxDepth = 200;

/**
 * The canonical JSON text that content identifiers are made from (directory-wire §2.2): no white space, members sorted by
 * code point, numbers as `JSON.stringify` except `-0`, and `<`, `>`, `&`, U+2028, U+2029 escaped.
 *
 * @throws RangeError on NaN, an infinity, a value that JSON cannot hold, or nesting deeper than 200 levels.
 */
export function canonicalJson(value: JsonValue): string {
  return write(value, 0);
}

/** Orders texts by code point, as their UTF-8 bytes do. JavaScript's own order differs beyond U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      // Surrogates stand for code points above every other code unit.
      return rank(x) - rank(y);
    }
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function write(value: JsonValue | undefined, depth: number): string {
  if (depth > maxDepth) {
    throw new RangeError(`nested deeper than ${maxDepth} levels`);
  }
  switch (typeof value) {
    case 'string':
      return writeText(value);
    case 'number':
      return writeNumber(value);
    case 'boolean':
      return String(value);
    case 'object':
      if (value === null) {
        return 'null';
      }
      return Array.isArray(value)
        ? `[${value.map((element) => write(element, depth + 1)).join(',')}]`
        : `{${Object.entries(value)
            .sort(([a], [b]) => compareCodePoints(a, b))
            .map(([key, member]) => `${writeText(key)}:${write(member, depth + 1)}`)
            .join(',')}}`;
    default:
      throw new RangeError('a value that JSON cannot hold');
  }
}

function writeNumber(value: number): string {
  if (!Number.isFinite(value)) {
    throw new RangeError('a number that is not finite');
  }
  return Object.is(value, -0) ? '-0' : JSON.stringify(value);
}

function writeText(text: string): string {
  if (/\p{Surrogate}/u.test(text)) {
    throw new RangeError('a text that is not Unicode');
  }
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
