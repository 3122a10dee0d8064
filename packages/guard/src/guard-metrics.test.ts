import { expect, test } from 'vitest';
import { FAILURE_CODES } from './refusal.js';
import { GET, getRequest, PING, TestedGuard } from './test-support/tested-guard.js';

const CALLER = 'spiffe://home.example/caller';

test('counts decisions as they are told, by code; every code is there', async () => {
  const tested = await TestedGuard.start();
  expect(tested.guard.metrics()).toEqual({
    decisions: { allowed: 0, refused: Object.fromEntries(FAILURE_CODES.map((code) => [code, 0])) },
    cache: { hits: 0, misses: 0, entries: 0 },
    filteredResponses: 0,
    liveCalls: 0,
    connections: 0,
  });
  const call = tested.admitted(tested.connect(CALLER), { method: GET });
  await call.judgeRequest(getRequest(['a', 'b']));
  tested.admit(tested.connect());
  tested.policy.decide = () => ({ allow: false, reasons: [], revision: 'one' });
  tested.admit(tested.connect(CALLER));
  await call.judgeRequest(getRequest(['a', 'b']));
  const { allowed, refused } = tested.guard.metrics().decisions;
  expect([allowed, refused]).toMatchObject([3, { no_credential: 1, policy_denied: 2, guard_failed: 0 }]);
  const total = allowed + Object.values(refused).reduce((sum, count) => sum + count, 0);
  expect(total).toBe(tested.events.length);
});

test('counts what the cache answered, over revisions, and what it holds of the policy in force', async () => {
  const tested = await TestedGuard.start();
  const ask = () => tested.verdict(tested.connect(CALLER), { method: PING });
  ask();
  expect(tested.guard.metrics().cache).toEqual({ hits: 0, misses: 0, entries: 0 }); // nobody recorded what it reads
  tested.policy.inputs = [['subject', 'id']];
  tested.policy.replace('two');
  for (let count = 0; count < 3; count += 1) ask();
  const { hits, misses, entries } = tested.guard.metrics().cache;
  expect([hits, misses, entries > 0]).toEqual([2, 1, true]);
  tested.policy.replace('three');
  expect(tested.guard.metrics().cache).toEqual({ hits: 2, misses: 1, entries: 0 });
  tested.policy.replace(undefined);
  expect(tested.guard.metrics().cache.entries).toBe(0);
});

test('a snapshot is frozen, and stays what it was', async () => {
  const tested = await TestedGuard.start();
  const connection = tested.connect(CALLER, {}, () => undefined);
  tested.admitted(connection).watch(() => undefined);
  const before = tested.guard.metrics();
  expect(before).toMatchObject({ liveCalls: 1, connections: 1, decisions: { allowed: 1 } });
  for (const part of [before, before.decisions, before.decisions.refused, before.cache]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
  tested.admitted(connection);
  tested.guard.disconnect(connection);
  expect(before).toMatchObject({ liveCalls: 1, connections: 1, decisions: { allowed: 1 } });
  expect(tested.guard.metrics()).toMatchObject({ connections: 0, decisions: { allowed: 2 } });
});
