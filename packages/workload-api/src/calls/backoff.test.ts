import { expect, test } from 'vitest';
import { Backoff } from './backoff.js';

test('doubles up to the maximum, with jitter over the upper half', () => {
  const longest = new Backoff({ initialMs: 1000, maxMs: 30_000 }, () => 1);
  expect(Array.from({ length: 7 }, () => longest.next())).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  const shortest = new Backoff({ initialMs: 1000, maxMs: 30_000 }, () => 0);
  expect(Array.from({ length: 3 }, () => shortest.next())).toEqual([500, 1000, 2000]);
});

test('begins anew after a reset', () => {
  const backoff = new Backoff({ initialMs: 10, maxMs: 100 }, () => 1);
  backoff.next();
  backoff.next();
  backoff.reset();
  expect(backoff.next()).toBe(10);
});

test('never waits longer than the maximum, not even at first', () => {
  expect(new Backoff({ initialMs: 1000, maxMs: 5 }, () => 1).next()).toBe(5);
});

test('each class of failure doubles by itself, and a reset is one of all', () => {
  const backoff = new Backoff({ initialMs: 10, maxMs: 100 }, () => 1);
  expect([backoff.next('away'), backoff.next('away'), backoff.next('denied'), backoff.next('away')]).toEqual([10, 20, 10, 40]);
  backoff.reset();
  expect([backoff.next('away'), backoff.next('denied')]).toEqual([10, 10]);
});
