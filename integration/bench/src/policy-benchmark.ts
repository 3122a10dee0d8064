import { CleanUp } from '@dirgate/harness';
import type { BenchmarkFigures, BenchmarkSettings } from './benchmark.js';
import { ForkedProcess } from './forked-process.js';
import type { PolicyFigures, PolicyMeasurementSettings } from './policy-measurement.js';
import { formatPolicyReport } from './policy-report.js';

/** Runs the benchmark `policy`, in a process of its own. The variable `OPA` names the program that is the remote twin. */
export async function runPolicyBenchmark({ pairs, quick, facts, signal }: BenchmarkSettings): Promise<BenchmarkFigures> {
  const startedAt = performance.now();
  const opa = process.env['OPA'];
  if (opa === undefined || opa === '') throw new Error('policy: the variable OPA must name the program opa');
  signal.throwIfAborted();
  await using cleanUp = new CleanUp();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  const measuring = cleanUp.use(new ForkedProcess(new URL('./policy-process.js', import.meta.url)));
  const settings: PolicyMeasurementSettings = { opa, pairs, blockMs: quick ? 1 : 5 };
  const comparisons = (await Promise.race([measuring.ask(settings), aborted])) as readonly PolicyFigures[];
  const result = { comparisons, seconds: (performance.now() - startedAt) / 1000 };
  return { result, report: formatPolicyReport(result, facts) };
}
