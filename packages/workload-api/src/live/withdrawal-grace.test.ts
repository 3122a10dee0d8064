import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WithdrawalGrace } from './withdrawal-grace.js';

const drop = vi.fn();
let grace: WithdrawalGrace;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  drop.mockClear();
  grace = new WithdrawalGrace(1000, drop);
});

afterEach(() => {
  vi.useRealTimers();
});

test('begins with the first denial, and those that follow do not prolong it (W-20)', () => {
  grace.denied();
  for (let i = 0; i < 9; i++) {
    vi.advanceTimersByTime(100);
    grace.denied();
  }
  vi.advanceTimersByTime(99);
  expect(drop).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(drop).toHaveBeenCalledTimes(1);
  grace.denied();
  vi.advanceTimersByTime(10_000);
  expect(drop).toHaveBeenCalledTimes(1);
});

test('what was given back in time is not dropped, and has all of its grace the next time', () => {
  grace.denied();
  vi.advanceTimersByTime(999);
  grace.granted();
  vi.advanceTimersByTime(10_000);
  grace.denied();
  vi.advanceTimersByTime(999);
  expect([drop.mock.calls.length, vi.getTimerCount()]).toEqual([0, 1]);
  vi.advanceTimersByTime(1);
  expect(drop).toHaveBeenCalledTimes(1);
});
