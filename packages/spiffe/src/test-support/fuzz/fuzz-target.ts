import { SpiffeError } from '../../spiffe-error.js';
import { type Mutation, Random } from './random.js';

/** One parser, with good inputs for it. */
export interface FuzzTarget {
  readonly name: string;
  /** The good inputs, each of which {@link execute} must accept. */
  readonly goodInputs: number;
  /** Runs the parser on a good input. Throws what the parser throws. */
  execute(index: number): void;
  /** Makes the input of one execution. `seed` decides it alone. */
  input(seed: string): FuzzInput;
}

export interface FuzzInput {
  /** Gives the input to the parser; throws what the parser throws, or an `Error` when its result cannot be right. */
  readonly execute: () => void;
  /** The input as text, for a report. */
  readonly show: () => string;
}

/** How {@link fuzzTarget} is made. */
export interface FuzzTargetSpec<T> {
  readonly name: string;
  readonly good: readonly [T, ...T[]];
  readonly mutate: Mutation<T>;
  readonly execute: (input: T) => void;
  readonly show: (input: T) => string;
}

export function fuzzTarget<T>({ name, good, mutate, execute, show }: FuzzTargetSpec<T>): FuzzTarget {
  return {
    name,
    goodInputs: good.length,
    execute: (index) => execute(good[index] ?? good[0]),
    input: (seed) => {
      const random = new Random(seed);
      let input = random.pick(good);
      // One change mostly: with many, hardly anything gets past the first check.
      const changes = 1 + (random.once(3) ? random.below(4) : 0);
      for (let i = 0; i < changes; i++) input = mutate(input, random, good);
      return { execute: () => execute(input), show: () => show(input) };
    },
  };
}

/** `undefined` when the input was accepted, its code when it was refused; whatever else the parser throws is thrown. */
export function outcomeOf(execute: () => void): string | undefined {
  try {
    execute();
    return undefined;
  } catch (error) {
    if (error instanceof SpiffeError) return error.code;
    throw error;
  }
}

/** Says that a parser accepted something and made the wrong thing of it. */
export function require(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`wrong result: ${what}`);
}
