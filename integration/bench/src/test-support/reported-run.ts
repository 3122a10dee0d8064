import type { RunFacts } from '../run-facts.js';
import type { Estimate } from '../statistics.js';

/** What a report's first line says of some run. */
export const reportedRun: RunFacts = {
  command: 'npm run bench',
  date: '2026-11-22',
  node: '20.20.2',
  platform: 'linux x64',
  cores: 2,
  processor: 'some processor',
  pairs: 100,
  loadBefore: 0.25,
};

/** A median that is beyond doubt. */
export function exactly(median: number): Estimate {
  return { median, low: median, high: median };
}
