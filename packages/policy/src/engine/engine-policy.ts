import { type BundleRecord, mayRead } from '../bundle/bundle-record.js';
import type { Decision, Policy } from '../policy.js';
import { PolicyError } from '../policy-error.js';
import { parseResult } from './decision-result.js';
import type { Engine } from './engine.js';

/** The longest input, as JSON text: parsing it costs the event loop time, and memory a dozen times as much. */
const maxInputBytes = 256 * 1024;

/** A lone surrogate, as JSON text escapes it; a backslash before it that is escaped itself does not count. */
const loneSurrogate = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

const encoder = new TextEncoder();

/** A {@link Policy} on an engine. */
export function createEnginePolicy(engine: Engine, record: BundleRecord, revision: string): Policy {
  return Object.freeze({
    revision,
    phases: record.phases,
    inputs: record.inputs,
    reads: (...path: string[]) => mayRead(record, path),
    decide(input: object): Decision {
      const results = engine.evaluate(toJson(input));
      try {
        return Object.freeze({ ...parseResult(results), revision });
      } catch (error) {
        engine.discard();
        throw error;
      }
    },
  });
}

// Always a buffer of its own: the engine reads all of it, and takes a falsy input for none at all.
function toJson(input: object): ArrayBuffer {
  let text: string | undefined;
  try {
    text = JSON.stringify(input);
  } catch (cause) {
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

function tooLarge(): PolicyError {
  return new PolicyError('input_too_large', `the input is larger than ${maxInputBytes} bytes`);
}
