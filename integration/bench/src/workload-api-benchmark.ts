import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CleanUp } from '@dirgate/harness';
import type { BenchmarkFigures, BenchmarkSettings } from './benchmark.js';
import { ForkedProcess } from './forked-process.js';
import type { WorkloadApiFigures, WorkloadApiMeasurementSettings } from './workload-api-measurement.js';
import { formatWorkloadApiReport } from './workload-api-report.js';

const TRUST_DOMAINS = [1, 1_000, 10_000];

/** Runs the benchmark `workload-api`, in a process of its own, which has its agent in another. */
export async function runWorkloadApiBenchmark({ pairs, quick, facts, signal }: BenchmarkSettings): Promise<BenchmarkFigures> {
  const startedAt = performance.now();
  signal.throwIfAborted();
  await using cleanUp = new CleanUp();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  const directory = await mkdtemp(join(tmpdir(), 'bench-'));
  cleanUp.defer(() => rm(directory, { recursive: true, force: true }));
  const process = cleanUp.use(new ForkedProcess(new URL('./workload-api-process.js', import.meta.url)));
  const thoroughness = quick ? { blockMs: 2, warmUpMs: 50, turns: 5 } : { blockMs: 10, warmUpMs: 1_000, turns: 50 };
  const settings: WorkloadApiMeasurementSettings = { ...thoroughness, pairs, trustDomains: TRUST_DOMAINS, directory };
  const cases = (await Promise.race([process.ask(settings), aborted])) as readonly WorkloadApiFigures[];
  const result = { cases, seconds: (performance.now() - startedAt) / 1000 };
  return { result, report: formatWorkloadApiReport(result, facts) };
}
