import { formatTable } from './markdown-table.js';
import { formatRunFacts, type RunFacts } from './run-facts.js';
import { type Estimate, formatEstimate } from './statistics.js';
import type { WorkloadApiFigures } from './workload-api-measurement.js';

/** What a run found. */
export interface WorkloadApiBenchmarkResult {
  readonly cases: readonly WorkloadApiFigures[];
  /** How long all of it took. */
  readonly seconds: number;
}

/** Less than this each is what measuring itself allocates. */
const NO_BYTES = 0.5;

/** The longest that an update may hold the event loop. */
const TURN_GOAL_MS = 50;

/** The figures as Markdown that reads well in a terminal as well. */
export function formatWorkloadApiReport({ cases, seconds }: WorkloadApiBenchmarkResult, facts: RunFacts): string {
  const reads = cases.filter(({ kind }) => kind !== 'update');
  const size = reads[0]?.trustDomains ?? 0;
  return [
    formatRunFacts(facts, seconds),
    '',
    'CPU time, median [95 % interval]; ÷: time ÷ time of the bare twin, 1 = as fast as that.',
    '',
    `Reading, federated with ${count(size)}:`,
    '',
    formatTable(
      ['read', 'µs', 'twin, µs', '÷ twin', 'bytes allocated (twin)', 'goal'],
      reads.map((figures) => [
        figures.name,
        formatEstimate(figures.micros, 3),
        figures.twinMicros.toFixed(3),
        formatEstimate(figures.timesTwin, 2),
        figures.bytes ? `${bytes(figures.bytes.subject)} (${bytes(figures.bytes.twin)})` : '',
        verdict(figures),
      ]),
    ),
    '',
    'Applying an update, from a unix socket to the change listener:',
    '',
    formatTable(
      [
        'update',
        'federated',
        'ms',
        'decode, ms',
        '÷ decode',
        'receive, ms',
        'after arrival, ms',
        '÷ receive and decode',
        'longest turn, ms (most)',
        'goal',
      ],
      cases.flatMap(updateRow),
    ),
  ].join('\n');
}

function updateRow({ name, trustDomains, micros, twinMicros, timesTwin, update }: WorkloadApiFigures): (readonly string[])[] {
  if (update === undefined) return [];
  const { receivedMicros, timesReceivedAndDecoded, afterArrivalMicros, longestTurnMs } = update;
  return [
    [
      name,
      trustDomains.toLocaleString('en'),
      formatEstimate(inMs(micros), 3),
      (twinMicros / 1000).toFixed(3),
      formatEstimate(timesTwin, 3),
      (receivedMicros / 1000).toFixed(3),
      formatEstimate(inMs(afterArrivalMicros), 3),
      formatEstimate(timesReceivedAndDecoded, 3),
      `${longestTurnMs.median.toFixed(1)} (${longestTurnMs.most.toFixed(1)})`,
      `turn ≤ ${TURN_GOAL_MS} ms: ${longestTurnMs.most <= TURN_GOAL_MS ? 'met' : 'missed'}`,
    ],
  ];
}

/** By the median; an interval that holds the goal is for the reader to see. */
function verdict({ goalMicros, allocatesNothing, micros, bytes: allocated }: WorkloadApiFigures): string {
  const verdicts: string[] = [];
  const judge = (goal: string, isMet: boolean): void => void verdicts.push(`${goal}: ${isMet ? 'met' : 'missed'}`);
  if (goalMicros !== undefined) judge(`≤ ${goalMicros} µs`, micros.median <= goalMicros);
  if (allocatesNothing && allocated !== undefined) judge('0 bytes', allocated.subject < NO_BYTES);
  return verdicts.join('; ');
}

function bytes(each: number): string {
  return each < NO_BYTES ? '0' : each.toFixed(0);
}

function count(trustDomains: number): string {
  return trustDomains === 1 ? 'one trust domain' : `${trustDomains.toLocaleString('en')} trust domains`;
}

function inMs({ median, low, high }: Estimate): Estimate {
  return { median: median / 1000, low: low / 1000, high: high / 1000 };
}
