import { expect, test } from 'vitest';
import { timerProblem } from './timer-problem.js';

test.each([0, 1, 0.5, 2 ** 31 - 1])('%d ms can be waited', (value) => {
  expect(timerProblem('pollMs', value)).toBeUndefined();
});

test.each([-1, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY, '5' as unknown as number])('%s ms can not', (value) => {
  expect(timerProblem('pollMs', value)).toBe('pollMs must be a number from 0 to 2147483647');
});

test('the smallest that makes sense is taken, and less is not', () => {
  expect(timerProblem('pollMs', 1, 1)).toBeUndefined();
  expect(timerProblem('pollMs', 0.9, 1)).toBe('pollMs must be a number from 1 to 2147483647');
});
