import { expect, test } from 'vitest';
import type { SpiffeFigures } from './spiffe-measurement.js';
import { formatSpiffeReport } from './spiffe-report.js';
import { exactly, reportedRun } from './test-support/reported-run.js';

const cold: SpiffeFigures = {
  name: 'X509-SVID, leaf + intermediate, cold',
  kind: 'cold',
  trustDomains: 1,
  signatures: 2,
  micros: exactly(150),
  neededMicros: 120,
  timesNeeded: exactly(1.25),
  timesOne: exactly(2.5),
  goal: { timesOneVerify: 2.5 },
};
const rowOf = (figures: SpiffeFigures): string =>
  formatSpiffeReport({ cases: [figures], seconds: 1 }, reportedRun)
    .split('\n')
    .filter((line) => line.startsWith(`| ${figures.name}`))
    .join('\n');

test('a goal is met up to its very value, and it is about one raw check', () => {
  expect(rowOf(cold)).toMatch(/\| 2 +\| 1\.250 \[1\.250, 1\.250\] +\| 2\.500 \[2\.500, 2\.500\] +\| ≤ 2\.5: met +\|$/);
  expect(rowOf({ ...cold, timesOne: exactly(2.501) })).toContain('≤ 2.5: missed');
});

test('a remembered verdict is judged by its time', () => {
  const remembered: SpiffeFigures = { ...cold, kind: 'remembered', micros: exactly(3), goal: { micros: 3 } };
  expect(rowOf(remembered)).toContain('≤ 3 µs: met');
  expect(rowOf({ ...remembered, micros: exactly(3.01) })).toContain('≤ 3 µs: missed');
});

test('each size of the bundle set has a table, and the load of the machine is told', () => {
  const report = formatSpiffeReport({ cases: [cold, { ...cold, trustDomains: 10_000 }], seconds: 61.4 }, reportedRun);
  expect(report).toContain('load before the run 0.3, 100 pairs a comparison, 61 s');
  expect(report).toMatch(/One trust domain[\s\S]*\| X509[\s\S]*10,000 trust domains[\s\S]*\| X509/);
});
