import { expect, test } from 'vitest';
import { Arrivals } from './arrivals.js';

test('what has arrived before does not count', async () => {
  const arrivals = new Arrivals();
  arrivals.arrived();
  const two = arrivals.next(2);
  let isThere = false;
  void two.then(() => {
    isThere = true;
  });
  arrivals.arrived();
  await Promise.resolve();
  expect(isThere).toBe(false);
  arrivals.arrived();
  await two;
});

test('what does not come, and what fails, ends the waiting, and all later waiting', async () => {
  const late = new Arrivals(1);
  const waiting = late.next(2);
  late.arrived();
  await expect(waiting).rejects.toThrow('1 of 2 have not arrived');
  await expect(late.next(1)).rejects.toThrow('1 of 2 have not arrived');
  const failed = new Arrivals();
  const second = failed.next(1);
  failed.fail(new Error('the reason'));
  failed.fail(new Error('another'));
  await expect(second).rejects.toThrow('the reason');
});
