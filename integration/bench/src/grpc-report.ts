import type { BenchmarkFigures, BenchmarkSettings } from './benchmark.js';
import { type ComparisonResult, type GrpcBenchmarkResult, runGrpcBenchmark } from './grpc-benchmark.js';
import { formatTable } from './markdown-table.js';
import { formatRunFacts, type RunFacts } from './run-facts.js';
import { formatEstimate } from './statistics.js';

/** What every reader of the figures has to know. */
const WHAT_IS_GUARDED =
  'A call is decided before it starts (phase `call`) and again for every request message (phase `request`): a unary call ' +
  'is two decisions, a bidi message is one. In the lines "every decision evaluated" each is an evaluation of the policy; ' +
  'in the others a decision that was made before is remembered (the caller and what it asks for do not change here, so ' +
  'all are). Every decision is written to an audit file; the server CPU holds that too.';

/** Runs the benchmark `grpc`. */
export async function measureAndReportGrpc({ quick, facts, ...settings }: BenchmarkSettings): Promise<BenchmarkFigures> {
  const thoroughness = quick ? { blockMs: 20, warmUpMs: 200, batches: 40 } : { blockMs: 90, warmUpMs: 1500, batches: 500 };
  const result = await runGrpcBenchmark({ ...thoroughness, ...settings });
  return { result, report: formatGrpcReport(result, facts) };
}

/** The figures as Markdown that reads well in a terminal as well. */
export function formatGrpcReport({ comparisons, costs, seconds }: GrpcBenchmarkResult, facts: RunFacts): string {
  return [
    formatRunFacts(facts, seconds),
    '',
    'Median [95 % interval]; 1 = as fast as bare:',
    '',
    formatTable(
      ['comparison', 'throughput, guarded ÷ bare', 'server CPU, bare ÷ guarded'],
      comparisons.map(({ name, throughput, cpu }) => [name, formatEstimate(throughput, 3), formatEstimate(cpu, 3)]),
    ),
    '',
    'The same runs per server (medians; busy = CPU time ÷ elapsed time of the server):',
    '',
    formatTable(['comparison', 'bare', 'guarded (control: bare again)'], comparisons.map(armsRow)),
    '',
    'In process, warm, no socket (µs, median [95 % interval]):',
    '',
    formatTable(
      ['cost', 'µs'],
      costs.map((cost) => [cost.name, formatEstimate(cost.micros, 2)]),
    ),
    '',
    WHAT_IS_GUARDED,
  ].join('\n');
}

function armsRow({ name, unit, bare, subject }: ComparisonResult): readonly string[] {
  const arm = ({ perSecond, cpuMicros, busy }: typeof bare): string =>
    `${Math.round(perSecond)} ${unit}s/s, ${cpuMicros.toFixed(1)} µs CPU each, ${Math.round(busy * 100)} % busy`;
  return [name, arm(bare), arm(subject)];
}
