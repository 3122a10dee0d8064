import { type BundleRecord, mayRead } from '../bundle/bundle-record.js';
import type { Decision, Policy } from '../policy.js';
import { parseResult } from './decision-result.js';
import type { Engine } from './engine.js';
import { inputText } from './input-text.js';

/** A {@link Policy} on an engine. */
export function createEnginePolicy(engine: Engine, record: BundleRecord, revision: string): Policy {
  return Object.freeze({
    revision,
    phases: record.phases,
    inputs: record.inputs,
    reads: (...path: string[]) => mayRead(record, path),
    decide(input: object): Decision {
      const results = engine.evaluate(inputText(input));
      try {
        return Object.freeze({ ...parseResult(results), revision });
      } catch (error) {
        engine.discard();
        throw error;
      }
    },
  });
}
