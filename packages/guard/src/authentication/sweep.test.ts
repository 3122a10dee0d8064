import { describe, expect, test, vi } from 'vitest';
import { Sweep, type Watched } from './sweep.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const NEVER = Number.POSITIVE_INFINITY;

/** Something watched that is due only when something changes, and counts its checks. */
function watched(dueAt = NEVER) {
  return { dueAt, check: vi.fn<Watched['check']>() };
}

test('several changes in one turn cost one check', async () => {
  const sweep = new Sweep(
    () => 7,
    () => NEVER,
  );
  const [call, connection] = [watched(), watched()];
  sweep.calls.add(call);
  sweep.connections.add(connection);
  for (let changes = 0; changes < 10; changes += 1) sweep.scheduleAll();
  expect(call.check).not.toHaveBeenCalled();
  await nextTurn();
  for (const { check } of [call, connection]) {
    expect(check).toHaveBeenCalledOnce();
    expect(check).toHaveBeenCalledWith(7);
  }
  sweep.close();
});

test('calls that end or begin during a pass do not disturb it', () => {
  const sweep = new Sweep(
    () => 0,
    () => NEVER,
  );
  const seen: string[] = [];
  const record = (name: string): Watched => ({ dueAt: NEVER, check: () => seen.push(name) });
  const second = record('second');
  const first: Watched = {
    dueAt: NEVER,
    check: () => {
      seen.push('first');
      sweep.calls.delete(first);
      sweep.calls.add(record('new'));
    },
  };
  sweep.calls.add(first);
  sweep.calls.add(second);
  sweep.checkCallsNow();
  expect(seen).toEqual(['first', 'second']);
  expect(sweep.calls.size).toBe(2);
  sweep.close();
});

describe('a pass', () => {
  /** A sweep over five members, the check of each taking four of ten milliseconds, and the order of the checks. */
  function slow() {
    let elapsed = 0;
    const sweep = new Sweep(
      () => 0,
      () => NEVER,
      () => elapsed,
    );
    const seen: string[] = [];
    const add = (lane: 'calls' | 'connections', name: string, then: () => void = () => undefined): void =>
      sweep[lane].add({
        dueAt: NEVER,
        check: () => {
          seen.push(name);
          elapsed += 4;
          then();
        },
      });
    return { sweep, seen, add };
  }
  const oneTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test('is made in slices, calls first', async () => {
    const { sweep, seen, add } = slow();
    for (const name of ['a', 'b', 'c']) add('connections', name);
    for (const name of ['1', '2']) add('calls', name);
    sweep.scheduleAll();
    await oneTurn();
    expect(seen).toEqual(['1', '2', 'a']); // ten milliseconds are over with the third
    await oneTurn();
    expect(seen).toEqual(['1', '2', 'a', 'b', 'c']);
    await oneTurn();
    expect(seen).toHaveLength(5);
    sweep.close();
  });

  test('reaches what still waits before it begins anew for another change', async () => {
    const { sweep, seen, add } = slow();
    for (const name of ['1', '2', '3', '4', '5']) add('calls', name);
    sweep.scheduleAll();
    await oneTurn();
    sweep.scheduleAll();
    await oneTurn();
    sweep.scheduleAll();
    for (let turns = 0; turns < 4; turns += 1) await oneTurn();
    expect(seen).toEqual(['1', '2', '3', '4', '5', '1', '2', '3', '4', '5', '1'].concat(seen.slice(11)));
    for (const name of ['1', '2', '3', '4', '5']) expect(seen.lastIndexOf(name)).toBeGreaterThan(5);
    sweep.close();
  });

  test('does not touch what ended while it waited', async () => {
    const { sweep, seen, add } = slow();
    const late = watched();
    add('calls', '1', () => sweep.calls.delete(late));
    sweep.calls.add(late);
    sweep.scheduleAll();
    await nextTurn();
    expect(seen).toEqual(['1']);
    expect(late.check).not.toHaveBeenCalled();
    expect(sweep.calls.size).toBe(1);
    sweep.close();
  });
});

test('a sweep checks what is due, everything when all of it is, and a clock that is no number makes all of it due', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    let now = 0;
    let allDueAt = 100;
    const sweep = new Sweep(
      () => now,
      () => allDueAt,
    );
    const [due, later] = [watched(10), watched(20)];
    sweep.calls.add(due);
    sweep.connections.add(later);
    const checksAt = async (instant: number): Promise<number[]> => {
      now = instant;
      vi.advanceTimersByTime(250);
      await nextTurn();
      const counts = [due, later].map(({ check }) => check.mock.calls.length);
      for (const { check } of [due, later]) check.mockClear();
      return counts;
    };
    expect(await checksAt(9)).toEqual([0, 0]);
    expect(await checksAt(10)).toEqual([1, 0]);
    expect(await checksAt(3_000_000_000)).toEqual([1, 1]); // a jump
    expect(await checksAt(5)).toEqual([0, 0]);
    expect(await checksAt(Number.NaN)).toEqual([1, 1]);
    allDueAt = 0;
    expect(await checksAt(5)).toEqual([1, 1]);
    sweep.close();
    expect(await checksAt(50)).toEqual([0, 0]);
  } finally {
    vi.useRealTimers();
  }
});
