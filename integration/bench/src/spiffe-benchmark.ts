import { CleanUp } from '@dirgate/harness';
import type { BenchmarkFigures, BenchmarkSettings } from './benchmark.js';
import { ForkedProcess } from './forked-process.js';
import type { SpiffeFigures, SpiffeMeasurementSettings } from './spiffe-measurement.js';
import { formatSpiffeReport } from './spiffe-report.js';

/** More credentials than the 256 imported keys that the verifier keeps, so that a key that shall be new is. */
const CREDENTIALS = 260;

/** Runs the benchmark `spiffe`, in a process of its own: nothing else shall have shaped its optimized code. */
export async function runSpiffeBenchmark({ pairs, quick, facts, signal }: BenchmarkSettings): Promise<BenchmarkFigures> {
  const startedAt = performance.now();
  signal.throwIfAborted();
  await using cleanUp = new CleanUp();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  const process = cleanUp.use(new ForkedProcess(new URL('./spiffe-process.js', import.meta.url)));
  const thoroughness = quick
    ? { blockMs: 1, warmUpMs: 50, trustDomains: [1, 1_000] }
    : { blockMs: 5, warmUpMs: 500, trustDomains: [1, 10_000] };
  const settings: SpiffeMeasurementSettings = { ...thoroughness, pairs, credentials: CREDENTIALS };
  const cases = (await Promise.race([process.ask(settings), aborted])) as readonly SpiffeFigures[];
  const result = { cases, seconds: (performance.now() - startedAt) / 1000 };
  return { result, report: formatSpiffeReport(result, facts) };
}
