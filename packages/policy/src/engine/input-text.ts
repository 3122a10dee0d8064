import { PolicyError } from '../policy-error.js';

/** The longest input, as JSON text: parsing it costs the event loop time, and memory a dozen times as much. */
const maxInputBytes = 256 * 1024;
/** The engine's parser takes time that grows with the square of it: 8 KB of brackets would cost as much as 1 MB of text. */
const maxDepth = 128;

/** A lone surrogate, as JSON text escapes it; a backslash before it that is escaped itself does not count. */
const loneSurrogate = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

const encoder = new TextEncoder();

/**
 * The JSON text of an input. Always a buffer of its own: the engine reads all of it, and takes a falsy input for none at all.
 *
 * @throws {PolicyError} `input_invalid`, `input_too_large`
 */
export function inputText(input: object): ArrayBuffer {
  let text: string | undefined;
  try {
    // What cannot fit is not written first: that would cost more than any decision.
    if (leastBytes(input, maxInputBytes, 0) > maxInputBytes) throw tooLarge();
    text = JSON.stringify(input);
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    throw new PolicyError('input_invalid', 'the input cannot be written as JSON', { cause });
  }
  if (text === undefined || !text.startsWith('{')) throw new PolicyError('input_invalid', 'the input is not an object');
  if (text.length > maxInputBytes) throw tooLarge();
  // The engine cannot read it, and would cost a new instance each time that a caller sends one.
  if (text.includes('\\ud') && loneSurrogate.test(text)) {
    throw new PolicyError('input_invalid', 'the input holds text that is not Unicode');
  }
  const bytes = encoder.encode(text);
  if (bytes.byteLength > maxInputBytes) throw tooLarge();
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength ? buffer : Uint8Array.from(bytes).buffer;
}

/** So many bytes, at least, a value takes as JSON; it stops counting beyond `limit`. */
function leastBytes(value: unknown, limit: number, depth: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 1;
  if (depth === maxDepth) throw new PolicyError('input_invalid', `the input nests more than ${maxDepth} levels`);
  // What stands in its place is anybody's guess. A member of that name that is no function is one like others.
  if ('toJSON' in value && typeof value.toJSON === 'function') return 0;
  let bytes = 2;
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) {
      bytes += 1 + leastBytes(item, limit - bytes, depth + 1);
      if (bytes > limit) break;
    }
    return bytes - Math.min(value.length, 1);
  }
  // Not by Object.entries, which would make a list of all of a large one first.
  for (const name in value) {
    const member: unknown = Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
    if (member === undefined || typeof member === 'function' || typeof member === 'symbol') continue;
    bytes += name.length + 3 + leastBytes(member, limit - bytes, depth + 1);
    if (bytes > limit) break;
  }
  return bytes;
}

function tooLarge(): PolicyError {
  return new PolicyError('input_too_large', `the input is larger than ${maxInputBytes} bytes`);
}
