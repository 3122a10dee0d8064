import { expect, it } from 'vitest';
import { steadyClock } from './steady-clock.js';

it('goes forward with the wall clock, also when that jumps or the machine sleeps, and never back', () => {
  let wall = 1_000_000;
  let monotonic = 50;
  const clock = steadyClock(
    () => wall,
    () => monotonic,
  );
  const after = (wallMs: number, monotonicMs: number): number => {
    wall += wallMs;
    monotonic += monotonicMs;
    return clock();
  };
  expect(clock()).toBe(1_000_000);
  expect(after(10, 10)).toBe(1_000_010);
  expect(after(60_000, 0)).toBe(1_060_010); // asleep
  expect(after(-3_600_000, 5)).toBe(1_060_015); // set back
  expect(after(5, 5)).toBe(1_060_020);
});
