import { expect, test } from 'vitest';
import { exactly, reportedRun } from './test-support/reported-run.js';
import type { WorkloadApiFigures } from './workload-api-measurement.js';
import { formatWorkloadApiReport } from './workload-api-report.js';

const read: WorkloadApiFigures = {
  name: 'x509Svid()',
  kind: 'read',
  trustDomains: 10_000,
  micros: exactly(0.2),
  twinMicros: 0.05,
  timesTwin: exactly(4),
  goalMicros: 0.2,
  allocatesNothing: true,
  bytes: { subject: 0.49, twin: 0 },
  update: undefined,
};
const update: WorkloadApiFigures = {
  ...read,
  name: 'our own SVID rotates',
  kind: 'update',
  micros: exactly(30_000),
  twinMicros: 15_000,
  timesTwin: exactly(2),
  goalMicros: undefined,
  allocatesNothing: false,
  bytes: undefined,
  update: {
    receivedMicros: 5_000,
    timesReceivedAndDecoded: exactly(1.5),
    afterArrivalMicros: exactly(21_000),
    longestTurnMs: { median: 12, most: 50 },
  },
};
const report = (...cases: WorkloadApiFigures[]): string => formatWorkloadApiReport({ cases, seconds: 61.4 }, reportedRun);
const rowOf = (figures: WorkloadApiFigures): string =>
  report(figures)
    .split('\n')
    .filter((line) => line.startsWith(`| ${figures.name}`))
    .join('\n');

test('a read meets its goals up to their very values', () => {
  expect(rowOf(read)).toMatch(
    /0\.200 \[0\.200, 0\.200\] .* 4\.00 \[4\.00, 4\.00\] +\| 0 \(0\) .*≤ 0\.2 µs: met; 0 bytes: met +\|$/,
  );
  expect(rowOf({ ...read, micros: exactly(0.201) })).toContain('≤ 0.2 µs: missed; 0 bytes: met');
  expect(rowOf({ ...read, bytes: { subject: 16, twin: 0 } })).toMatch(/\| 16 \(0\) .*≤ 0\.2 µs: met; 0 bytes: missed/);
});

test('a token from the cache may allocate', () => {
  const row = rowOf({ ...read, kind: 'token', goalMicros: 2, allocatesNothing: false, bytes: { subject: 1000, twin: 100 } });
  expect(row).toMatch(/\| 1000 \(100\) +\| ≤ 2 µs: met +\|$/);
});

test('an update is told in milliseconds, and its longest turn is judged by the most', () => {
  expect(rowOf(update)).toMatch(
    /\| 10,000 +\| 30\.000 \[.* 15\.000 .* 2\.000 \[.* 5\.000 .* 21\.000 \[.* 1\.500 \[.* 12\.0 \(50\.0\) .*≤ 50 ms: met +\|$/,
  );
  const late: WorkloadApiFigures['update'] = update.update && { ...update.update, longestTurnMs: { median: 12, most: 50.1 } };
  expect(rowOf({ ...update, update: late })).toContain('≤ 50 ms: missed');
});

test('each case is in one table, and the load of the machine is told', () => {
  expect(report(read, update)).toContain('load before the run 0.3, 100 pairs a comparison, 61 s');
  expect(report(read, update)).toMatch(/federated with 10,000 trust domains[\s\S]*\| x509Svid[\s\S]*Applying[\s\S]*\| our own/);
  expect([rowOf(read), rowOf(update)].map((rows) => rows.split('\n').length)).toEqual([1, 1]);
});
