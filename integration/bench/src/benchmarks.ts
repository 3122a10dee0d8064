import type { Benchmark } from './benchmark.js';

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
