import { expect, test } from 'vitest';
import { formatPolicyReport } from './policy-report.js';
import { exactly, reportedRun } from './test-support/reported-run.js';

test('says of each goal whether it is met', () => {
  const report = formatPolicyReport(
    {
      seconds: 1,
      comparisons: [
        {
          subject: 'fast',
          twin: 'slow',
          subjectMicros: exactly(40),
          twinMicros: 200,
          timesFaster: exactly(5),
          goals: { micros: 50, timesFaster: 8 },
        },
        {
          subject: 'other',
          twin: 'slow',
          subjectMicros: exactly(60),
          twinMicros: 60,
          timesFaster: exactly(1),
          goals: { micros: 50 },
        },
        { subject: 'free', twin: 'slow', subjectMicros: exactly(1), twinMicros: 2, timesFaster: exactly(2), goals: {} },
      ],
    },
    reportedRun,
  );
  expect(report).toContain('≤ 50 µs: met; ÷ ≥ 8: missed');
  expect(report).toMatch(/≤ 50 µs: missed +\|/);
  expect(report.split('\n').find((line) => line.startsWith('| free'))).not.toMatch(/met|missed/);
});
