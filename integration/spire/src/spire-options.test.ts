import { describe, expect, test } from 'vitest';
import { parseSpireOptions, SpireUsageError, usage } from './spire-options.js';
import { SUITES } from './suites.js';

describe('parseSpireOptions', () => {
  test('all suites by default, two at a time', () => {
    expect(parseSpireOptions([], SUITES)).toEqual({ help: false, suites: SUITES, jobs: 2 });
  });

  test('only those that are named', () => {
    const { suites } = parseSpireOptions(['withdrawal', 'first-svid'], SUITES);
    expect(suites.map(({ name }) => name).sort()).toEqual(['first-svid', 'withdrawal']);
  });

  test.each([
    [['rotatoin'], 'there is no suite "rotatoin"'],
    [['--jobs', '0'], '--jobs must be a number'],
    [['--job', '2'], "Unknown option '--job'"],
  ])('%j is refused', (args, message) => {
    expect(() => parseSpireOptions(args, SUITES)).toThrow(SpireUsageError);
    expect(() => parseSpireOptions(args, SUITES)).toThrow(message);
  });

  test('the help names every suite', () => {
    for (const { name } of SUITES) expect(usage(SUITES)).toContain(`\n  ${name} `);
  });
});
