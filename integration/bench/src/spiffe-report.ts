import { formatTable } from './markdown-table.js';
import { formatRunFacts, type RunFacts } from './run-facts.js';
import type { SpiffeFigures } from './spiffe-measurement.js';
import { formatEstimate } from './statistics.js';

/** What a run found. */
export interface SpiffeBenchmarkResult {
  readonly cases: readonly SpiffeFigures[];
  /** How long all of it took. */
  readonly seconds: number;
}

/** The figures as Markdown that reads well in a terminal as well. */
export function formatSpiffeReport({ cases, seconds }: SpiffeBenchmarkResult, facts: RunFacts): string {
  return [
    formatRunFacts(facts, seconds),
    '',
    'CPU time, median [95 % interval]; ÷: time of a verification ÷ time of the raw `crypto.verify` calls, 1 = as fast as those alone.',
    '',
    ...[...new Set(cases.map(({ trustDomains }) => trustDomains))].flatMap((size) => [
      size === 1 ? 'One trust domain in the bundle set:' : `${size.toLocaleString('en')} trust domains in the bundle set:`,
      '',
      formatTable(
        ['verification', 'µs', 'checks', '÷ all raw checks it needs', '÷ one raw check', 'goal'],
        cases.filter(({ trustDomains }) => trustDomains === size).map(row),
      ),
      '',
    ]),
  ]
    .join('\n')
    .trimEnd();
}

function row(figures: SpiffeFigures): readonly string[] {
  const { name, kind, micros, signatures, timesNeeded, timesOne } = figures;
  const remembered = kind === 'remembered';
  return [
    name,
    formatEstimate(micros, remembered ? 2 : 1),
    remembered ? '0' : String(signatures),
    remembered ? '' : formatEstimate(timesNeeded, 3),
    formatEstimate(timesOne, 3),
    verdict(figures),
  ];
}

/** By the median; an interval that holds the goal is for the reader to see. */
function verdict({ goal, micros, timesOne }: SpiffeFigures): string {
  if (goal === undefined) return '';
  if ('micros' in goal) return `≤ ${goal.micros} µs: ${micros.median <= goal.micros ? 'met' : 'missed'}`;
  return `≤ ${goal.timesOneVerify}: ${timesOne.median <= goal.timesOneVerify ? 'met' : 'missed'}`;
}
