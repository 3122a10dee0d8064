import { expect, test, vi } from 'vitest';
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
