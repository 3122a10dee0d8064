import type { RunFacts } from './run-facts.js';

/** What a benchmark is told. */
export interface BenchmarkSettings {
  readonly pairs: number;
  /** Short blocks: to see that it runs. */
  readonly quick: boolean;
  readonly facts: RunFacts;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/** What it found. */
export interface BenchmarkFigures {
  /** For `--json`. */
  readonly result: object;
  /** For people, and for the README: Markdown that reads well in a terminal. */
  readonly report: string;
}

/** A benchmark, found by its name in `BENCHMARKS`. */
export interface Benchmark {
  /** One line for `--help`. */
  readonly about: string;
  /** Runs it. Rejects with the reason of `signal`, or when anything that is measured fails. */
  readonly run: (settings: BenchmarkSettings) => Promise<BenchmarkFigures>;
}
