import { SpiffeError } from '../../spiffe-error.js';
import { type Mutation, Random } from './random.js';

/** One parser, with good inputs for it. */
export interface FuzzTarget {
  readonly name: string;
  /** The good inputs, which the parser must accept. */
  readonly good: readonly FuzzInput[];
  /** Makes the input of one execution. `seed` decides it alone. */
  input(seed: string): FuzzInput;
}

export interface FuzzInput {
  /** Gives the input to the parser; throws what the parser throws. */
  readonly execute: () => unknown;
  /** Throws when what {@link execute} returned cannot be right. Apart from it, as this costs time that is not the parser's. */
  readonly check: (value: unknown) => void;
  /** Throws when another way to ask has another answer than `outcome`; for refused inputs too. Apart from {@link execute} as well. */
  readonly compare: (outcome: Outcome) => void;
  /** The input as text, for a report. */
  readonly show: () => string;
}

/** How {@link fuzzTarget} is made. */
export interface FuzzTargetSpec<T, V> {
  readonly name: string;
  readonly good: readonly [T, ...T[]];
  readonly mutate: Mutation<T>;
  readonly execute: (input: T) => V;
  readonly check: (value: V, input: T) => void;
  /** Default: there is no other way to ask. */
  readonly compare?: (outcome: Outcome<V>, input: T) => void;
  readonly show: (input: T) => string;
}

export function fuzzTarget<T, V>(spec: FuzzTargetSpec<T, V>): FuzzTarget {
  const { name, good, mutate, execute, check, compare = () => undefined, show } = spec;
  const inputOf = (input: T): FuzzInput => ({
    execute: () => execute(input),
    check: (value) => check(value as V, input),
    compare: (outcome) => compare(outcome as Outcome<V>, input),
    show: () => show(input),
  });
  return {
    name,
    good: good.map(inputOf),
    input: (seed) => {
      const random = new Random(seed);
      let input = random.pick(good);
      // One change mostly: with many, hardly anything gets past the first check.
      const changes = 1 + (random.once(3) ? random.below(4) : 0);
      for (let i = 0; i < changes; i++) input = mutate(input, random, good);
      return inputOf(input);
    },
  };
}

/** What came of one input. Whatever else the parser throws is thrown. */
export type Outcome<V = unknown> = { readonly value: V } | { readonly code: string };

export function outcomeOf<V>({ execute }: { readonly execute: () => V }): Outcome<V> {
  try {
    return { value: execute() };
  } catch (error) {
    if (error instanceof SpiffeError) return { code: error.code };
    throw error;
  }
}

/** Says that a parser accepted something and made the wrong thing of it. */
export function require(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`wrong result: ${what}`);
}
