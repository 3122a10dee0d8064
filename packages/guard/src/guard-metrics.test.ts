import { expect, test, vi } from 'vitest';
import { FAILURE_CODES } from './refusal.js';
import { GET, getRequest, PING, TestedGuard, TestPolicy } from './test-support/tested-guard.js';

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

test('over a random run the numbers are those of the events', async () => {
  const seed = Math.floor(Math.random() * 0x7fffffff);
  let state = seed;
  const below = (bound: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % bound;
  };
  const shadow = new TestPolicy();
  shadow.phases = ['call', 'request', 'response'];
  shadow.decide = () => ({ allow: true, reasons: ['other'], revision: 'candidate' });
  shadow.replace('candidate');
  const tested = await TestedGuard.start({
    shadow: { policy: shadow },
    describe: ({ id }) => {
      if (id === 'lost') throw new Error('lost');
      return below(2) === 0 ? { name: id } : Promise.resolve({ name: id });
    },
  });
  const { policy, guard, events } = tested;
  policy.phases = ['call', 'request', 'response'];
  policy.decide = ({ resource }) => {
    if (resource.id === 'broken') throw new Error('broken');
    return { allow: resource.id !== 'bad', reasons: [], revision: 'one' };
  };
  policy.replace('one');
  const token = await tested.tokenOf(CALLER);
  const ids = ['a', 'b', 'c', 'bad', 'broken', 'lost', 7];
  for (let run = 0; run < 300; run += 1) {
    if (below(50) === 0) policy.replace(below(3) === 0 ? undefined : `r${run}`);
    const connection = tested.connect(below(3) === 0 ? undefined : CALLER);
    const options = { method: [GET, PING, '/test.v1.Things/Unknown'][below(3)] as string, ...(below(2) === 0 && { token }) };
    const admission = tested.admit(connection, options);
    if (admission.kind === 'refused') continue;
    const { call } = admission;
    call.watch(() => undefined);
    for (let message = below(4); message > 0; message -= 1) {
      const named = Array.from({ length: below(4) }, () => ids[below(ids.length)]);
      await (below(2) === 0 ? call.judgeRequest(getRequest(named)) : call.judgeResponse(getRequest(named)));
    }
    if (below(2) === 0) call.end();
  }
  guard.close(); // ends what lives, each with an event
  const decided = events.filter(({ step }) => step !== 'shadow');
  const { decisions, filteredResponses, liveCalls, shadow: tried } = guard.metrics();
  const told = (code: string): number => decided.filter((event) => event.code === code).length;
  expect(decisions, `seed ${seed}`).toEqual({
    allowed: told('allowed'),
    refused: Object.fromEntries(FAILURE_CODES.map((code) => [code, told(code)])),
  });
  expect(decided.every(({ allow, code }) => allow === (code === 'allowed'))).toBe(true);
  expect(filteredResponses).toBe(decided.filter(({ step, code }) => step === 'response' && code === 'policy_denied').length);
  expect(liveCalls).toBe(0);
  for (const code of ['no_credential', 'method_unknown', 'policy_denied', 'policy_failed', 'describe_failed', 'guard_failed']) {
    expect(told(code), `seed ${seed}: ${code}`).toBeGreaterThan(0);
  }
  const asked = decided.filter(({ input }) => input !== undefined).length;
  await vi.waitFor(
    () => expect((guard.metrics().shadow?.judged ?? 0) + (guard.metrics().shadow?.skipped ?? 0)).toBe(asked),
    10_000,
  );
  expect(tried?.skipped).toBe(0);
});
