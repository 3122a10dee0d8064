import { isDeepStrictEqual } from 'node:util';
import { type Outcome, outcomeOf, require } from './fuzz-target.js';

/** A verifier with a memory, beside the function that has none. */
export interface RememberedVerdicts<T, V> {
  /** What is in the memory when an input arrives; each must be accepted. */
  readonly good: readonly T[];
  readonly verify: (input: T) => V;
  /** What of a value must be the same, however it was come by. */
  readonly essence: (value: V) => unknown;
}

/**
 * Asks a verifier with a memory twice for an input, and requires the answer of the function without one both times. It knows the
 * good inputs, which changed ones must not be taken for. They are presented each time, and nothing but good leaves and tokens is ever
 * remembered, so an execution finds the same memory when it is run alone.
 */
export function sameVerdicts<T, V>({ good, verify, essence }: RememberedVerdicts<T, V>): (outcome: Outcome<V>, input: T) => void {
  const read = (outcome: Outcome<V>) => ('code' in outcome ? outcome : { essence: essence(outcome.value) });
  return (outcome, input) => {
    for (const one of good) verify(one);
    for (const which of ['first', 'second']) {
      const remembered = outcomeOf({ execute: () => verify(input) });
      require(isDeepStrictEqual(read(remembered), read(outcome)), `another ${which} verdict of the verifier that remembers`);
    }
  };
}
