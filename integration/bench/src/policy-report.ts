import { formatTable } from './markdown-table.js';
import type { PolicyFigures } from './policy-measurement.js';
import { formatRunFacts, type RunFacts } from './run-facts.js';
import { formatEstimate } from './statistics.js';

/** What a run found. */
export interface PolicyBenchmarkResult {
  readonly comparisons: readonly PolicyFigures[];
  /** How long all of it took. */
  readonly seconds: number;
}

/** The figures as Markdown that reads well in a terminal as well. */
export function formatPolicyReport({ comparisons, seconds }: PolicyBenchmarkResult, facts: RunFacts): string {
  return [
    formatRunFacts(facts, seconds),
    '',
    'Elapsed time of a decision, median [95 % interval]; ÷: time of the twin ÷ time of the decision, more than 1 = faster than the twin.',
    '',
    formatTable(
      ['decision', 'µs', 'twin', 'twin, µs', 'twin ÷ decision', 'goal'],
      comparisons.map((figures) => [
        figures.subject,
        formatEstimate(figures.subjectMicros, 2),
        figures.twin,
        figures.twinMicros.toFixed(2),
        formatEstimate(figures.timesFaster, 2),
        verdicts(figures),
      ]),
    ),
  ].join('\n');
}

/** By the medians; an interval that holds a goal is for the reader to see. */
function verdicts({ goals, subjectMicros, timesFaster }: PolicyFigures): string {
  const said = (goal: string, isMet: boolean): string => `${goal}: ${isMet ? 'met' : 'missed'}`;
  return [
    ...(goals.micros === undefined ? [] : [said(`≤ ${goals.micros} µs`, subjectMicros.median <= goals.micros)]),
    ...(goals.timesFaster === undefined
      ? []
      : [said(`÷ ≥ ${Number(goals.timesFaster.toFixed(2))}`, timesFaster.median >= goals.timesFaster)]),
  ].join('; ');
}
