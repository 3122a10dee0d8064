import { describe, expect, it } from 'vitest';
import { countLine, countReport } from './count.mjs';

const passing = {
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [{ status: 'passed', assertionResults: [{ status: 'passed' }] }],
};

describe('countReport', () => {
  it('counts what passed', () => {
    expect(countReport(passing, 0)).toEqual({ passed: 3, failed: 0, skipped: 0 });
  });

  it('counts skipped and todo tests as skipped', () => {
    expect(countReport({ ...passing, numPendingTests: 1, numTodoTests: 2 }, 0).skipped).toBe(3);
  });

  it('counts a file that could not be loaded as one failure', () => {
    const testResults = [...passing.testResults, { status: 'failed', assertionResults: [] }];
    expect(countReport({ ...passing, testResults }, 1)).toEqual({ passed: 3, failed: 1, skipped: 0 });
  });

  it('does not count a file with failed tests twice', () => {
    const testResults = [{ status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'failed' }] }];
    expect(countReport({ ...passing, numFailedTests: 2, testResults }, 1).failed).toBe(2);
  });

  it('fails a run that ended badly, wrote no report, or held no test', () => {
    expect(countReport(passing, 1).failed).toBe(1);
    expect(countReport(undefined, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(countReport({ ...passing, numPassedTests: 0, testResults: [] }, 0).failed).toBe(1);
  });
});

describe('countLine', () => {
  it('names skipped tests only when there are any', () => {
    expect(countLine({ passed: 2, failed: 0 })).toBe('2 passed, 0 failed');
    expect(countLine({ passed: 2, failed: 1, skipped: 3 })).toBe('2 passed, 1 failed, 3 skipped');
  });
});
