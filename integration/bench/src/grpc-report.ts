import { cpus, loadavg } from 'node:os';
import type { ComparisonResult, GrpcBenchmarkResult } from './grpc-benchmark.js';
import { formatTable } from './markdown-table.js';
import type { Estimate } from './statistics.js';

/** Where and when a run was made. */
export interface RunFacts {
  readonly command: string;
  /** ISO 8601 day. */
  readonly date: string;
  readonly node: string;
  readonly platform: string;
  readonly cores: number;
  readonly processor: string;
  readonly pairs: number;
  /** How many processes wanted a core in the minute before; well above 0 means that others were running too. */
  readonly loadBefore: number;
}

/** Reads the machine as it is before a run. */
export function readRunFacts(command: string, pairs: number, now: Date): RunFacts {
  const processors = cpus();
  return {
    command,
    date: now.toISOString().slice(0, 10),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cores: processors.length,
    processor: processors[0]?.model.trim() ?? 'unknown',
    pairs,
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** What every reader of the figures has to know. */
const WHAT_IS_GUARDED =
  'A call is decided before it starts (phase `call`) and again for every request message (phase `request`): a unary call ' +
  'is two decisions, a bidi message is one. In the lines "every decision evaluated" each is an evaluation of the policy; ' +
  'in the others a decision that was made before is remembered (the caller and what it asks for do not change here, so ' +
  'all are). Every decision is written to an audit file; the server CPU holds that too.';

/** The figures as Markdown that reads well in a terminal as well. */
export function formatGrpcReport({ comparisons, costs, seconds }: GrpcBenchmarkResult, facts: RunFacts): string {
  return [
    `${facts.date}, Node ${facts.node}, ${facts.platform}, ${facts.cores} cores (${facts.processor}), ` +
      `load before the run ${facts.loadBefore.toFixed(1)}, ${facts.pairs} pairs a comparison, ${Math.round(seconds)} s; \`${facts.command}\``,
    '',
    'Median [95 % interval]; 1 = as fast as bare:',
    '',
    formatTable(
      ['comparison', 'throughput, guarded ÷ bare', 'server CPU, bare ÷ guarded'],
      comparisons.map(({ name, throughput, cpu }) => [name, ratio(throughput), ratio(cpu)]),
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
      costs.map((cost) => [cost.name, microseconds(cost.micros)]),
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

function ratio({ median, low, high }: Estimate): string {
  return `${median.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

function microseconds({ median, low, high }: Estimate): string {
  return `${median.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
}
