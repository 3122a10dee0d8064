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

/** A benchmark, found by its name in {@link BENCHMARKS}. */
export interface Benchmark {
  /** One line for `--help`. */
  readonly about: string;
  /** Runs it. Rejects with the reason of `signal`, or when anything that is measured fails. */
  readonly run: (settings: BenchmarkSettings) => Promise<BenchmarkFigures>;
}

/**
 * The benchmarks that there are. A new one is a line here and a pair of markers in the README; its code is loaded only when it
 * runs.
 */
export const BENCHMARKS: ReadonlyMap<string, Benchmark> = new Map<string, Benchmark>([
  [
    'spiffe',
    {
      about: 'the verifiers of X.509-SVIDs and JWT-SVIDs against the raw crypto.verify calls they need',
      run: async (settings) => (await import('./spiffe-benchmark.js')).runSpiffeBenchmark(settings),
    },
  ],
  [
    'workload-api',
    {
      about: 'reading an identity that is kept up to date, and applying updates to it',
      run: async (settings) => (await import('./workload-api-benchmark.js')).runWorkloadApiBenchmark(settings),
    },
  ],
  [
    'policy',
    {
      about: 'a decision of the shipped policy, evaluated and remembered, against OPA over HTTP and Casbin',
      run: async (settings) => (await import('./policy-benchmark.js')).runPolicyBenchmark(settings),
    },
  ],
  [
    'grpc',
    {
      about: 'the guarded gRPC server against a bare mTLS twin: unary, bidi, in-process costs',
      run: async (settings) => (await import('./grpc-report.js')).measureAndReportGrpc(settings),
    },
  ],
]);
