import { afterEach, describe, expect, test, vi } from 'vitest';
import type { DecisionEvent } from '../decision-log/decision-event.js';
import { createDecisionFormatter } from '../decision-log/decision-line.js';
import { GuardError } from '../guard-error.js';
import { GET, getRequest, PING, TestedGuard, TestPolicy } from '../test-support/tested-guard.js';

/** For a machine with other things to do. */
const PATIENT = { timeout: 10_000 };
const ALICE = 'spiffe://home.example/alice';
let tested: TestedGuard | undefined;
afterEach(() => tested?.guard.close());

async function start(shadow: TestPolicy, sample?: number): Promise<TestedGuard> {
  shadow.replace('candidate');
  tested = await TestedGuard.start({ shadow: { policy: shadow, ...(sample !== undefined && { sample }) } });
  return tested;
}
const shadowEvents = ({ events }: TestedGuard): DecisionEvent[] => events.filter(({ step }) => step === 'shadow');
const judged = (guard: TestedGuard, count: number): Promise<void> =>
  vi.waitFor(() => expect(guard.guard.metrics().shadow?.judged).toBe(count), PATIENT);

test('says so at the start, in the log and in the metrics', async () => {
  const { guard, events } = await start(new TestPolicy());
  expect(events).toMatchObject([{ step: 'shadow', code: 'shadow_started', allow: false, shadow: { revision: 'candidate' } }]);
  expect(guard.metrics().shadow).toEqual({
    revision: 'candidate',
    judged: 0,
    otherVerdicts: 0,
    otherReasons: 0,
    failed: 0,
    skipped: 0,
    unaskedPhases: [],
  });
});

test('names the phases in which the candidate is never asked', async () => {
  const shadow = new TestPolicy();
  shadow.phases = ['call', 'request', 'response'];
  const { guard, policy } = await start(shadow);
  expect(guard.metrics().shadow?.unaskedPhases).toEqual(['response']);
  policy.replace(undefined);
  expect(guard.metrics().shadow?.unaskedPhases).toEqual(shadow.phases);
});

test('a guard without one has none', async () => {
  tested = await TestedGuard.start();
  expect(tested.guard.metrics().shadow).toBeUndefined();
  expect(tested.events).toEqual([]);
});

describe('a candidate that would refuse', () => {
  test('is told of, and refuses nothing', async () => {
    const shadow = new TestPolicy();
    shadow.decide = () => ({ allow: false, reasons: ['too_strict'], revision: 'candidate' });
    const guard = await start(shadow);
    const call = guard.admitted(guard.connect(ALICE), { method: GET });
    expect(await call.judgeRequest(getRequest(['a']))).toBeUndefined();
    await judged(guard, 2);
    expect(guard.guard.metrics().shadow).toMatchObject({ otherVerdicts: 2, otherReasons: 0, failed: 0 });
    const [started, first, second, ...more] = guard.events;
    expect(more).toHaveLength(2);
    expect([started?.step, first?.step, second?.step]).toEqual(['shadow', 'call', 'request']);
    expect(more[1]).toMatchObject({
      step: 'shadow',
      code: 'shadow_differs',
      allow: true,
      reasons: ['test_allow'],
      subject: ALICE,
      method: GET,
      resource: { type: 'thing', id: 'a' },
      revision: 'one',
      shadow: { decision: second?.id, phase: 'request', revision: 'candidate', allow: false, reasons: ['too_strict'] },
    });
    expect(shadow.asked).toEqual(guard.policy.asked);
  });

  test('leaves a line that nobody can take for a decision', async () => {
    const shadow = new TestPolicy();
    shadow.decide = () => ({ allow: false, reasons: ['too_strict'], revision: 'candidate' });
    const guard = await start(shadow);
    guard.admitted(guard.connect(ALICE));
    await judged(guard, 1);
    const line = JSON.parse(createDecisionFormatter()(shadowEvents(guard)[1] as DecisionEvent));
    for (const member of ['path', 'input', 'result', 'error']) expect(line).not.toHaveProperty(member);
    expect(line.custom).toMatchObject({ step: 'shadow', allow: true, code: 'shadow_differs', shadow: { allow: false } });
  });
});

test('a candidate that would allow allows nothing', async () => {
  const shadow = new TestPolicy();
  const guard = await start(shadow);
  guard.policy.decide = () => ({ allow: false, reasons: ['no'], revision: 'one' });
  expect(guard.verdict(guard.connect(ALICE))).toBe('policy_denied');
  await judged(guard, 1);
  expect(guard.guard.metrics()).toMatchObject({ decisions: { allowed: 0 }, shadow: { otherVerdicts: 1 } });
  expect(shadowEvents(guard)[1]).toMatchObject({ allow: false, reasons: ['no'], shadow: { allow: true } });
});

test('the same verdict for other reasons is told apart; another order of reasons is none', async () => {
  const shadow = new TestPolicy();
  const guard = await start(shadow);
  guard.policy.decide = () => ({ allow: true, reasons: ['a', 'b'], revision: 'one' });
  shadow.decide = () => ({ allow: true, reasons: ['b', 'a'], revision: 'candidate' });
  guard.admitted(guard.connect(ALICE));
  await judged(guard, 1);
  expect(guard.guard.metrics().shadow).toMatchObject({ otherVerdicts: 0, otherReasons: 0 });
  shadow.decide = () => ({ allow: true, reasons: ['b'], revision: 'candidate' });
  guard.admitted(guard.connect(ALICE));
  await judged(guard, 2);
  expect(guard.guard.metrics().shadow).toMatchObject({ otherVerdicts: 0, otherReasons: 1 });
});

test.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('canary');
    },
  ],
  ['answers nothing', () => undefined],
])('a candidate that %s counts as failed, as a refusal, and ends nothing', async (_name, decide) => {
  const shadow = new TestPolicy();
  shadow.decide = decide;
  const guard = await start(shadow);
  guard.admitted(guard.connect(ALICE));
  await judged(guard, 1);
  expect(guard.guard.metrics().shadow).toMatchObject({ failed: 1, otherVerdicts: 1 });
  expect(shadowEvents(guard)[1]).toMatchObject({ shadow: { allow: false, reasons: ['policy_failed'] } });
});

test('a candidate of another make that answers no reasons counts as failed, and ends nothing', async () => {
  const shadow = new TestPolicy();
  const guard = await start(shadow);
  const { decide } = shadow;
  shadow.decide = (input) => (shadow.asked.length === 1 ? { allow: true } : decide(input));
  for (let count = 0; count < 2; count += 1) guard.admitted(guard.connect(ALICE));
  await judged(guard, 2);
  expect(guard.guard.metrics().shadow).toMatchObject({ failed: 1, otherVerdicts: 0, otherReasons: 0 });
});

test('what is no decision of a policy is not asked; nor is what the candidate does not judge, or when there is none', async () => {
  const shadow = new TestPolicy();
  shadow.phases = ['call'];
  const guard = await start(shadow);
  expect(guard.verdict(guard.connect())).toBe('no_credential');
  expect(guard.verdict(guard.connect(ALICE), { method: '/test.v1.Things/Unknown' })).toBe('method_unknown');
  const call = guard.admitted(guard.connect(ALICE), { method: GET });
  await call.judgeRequest(getRequest(['a', 'b']));
  await vi.waitFor(() => expect(guard.guard.metrics().shadow).toMatchObject({ judged: 1, skipped: 2 }), PATIENT);
  shadow.replace(undefined);
  guard.admitted(guard.connect(ALICE), { method: PING });
  await vi.waitFor(
    () => expect(guard.guard.metrics().shadow).toMatchObject({ judged: 1, skipped: 3, revision: undefined }),
    PATIENT,
  );
});

test('a candidate that reads facts which the enforced policy did not ask for is not asked either', async () => {
  const shadow = new TestPolicy();
  shadow.replace('candidate');
  tested = await TestedGuard.start({ shadow: { policy: shadow }, describe: () => ({ name: 'of the service' }) });
  const { guard, policy } = tested;
  policy.reads = false;
  const call = tested.admitted(tested.connect(ALICE), { method: GET });
  await call.judgeRequest(getRequest(['a']));
  await vi.waitFor(() => expect(guard.metrics().shadow).toMatchObject({ judged: 1, skipped: 1 }), PATIENT);
});

test('a candidate that tells what it reads is asked once for equal inputs', async () => {
  const shadow = new TestPolicy();
  shadow.inputs = [
    ['subject', 'id'],
    ['action', 'name'],
    ['resource', 'id'],
  ];
  const guard = await start(shadow);
  const connection = guard.connect(ALICE);
  for (let count = 0; count < 5; count += 1) {
    const call = guard.admitted(connection, { method: GET });
    await call.judgeRequest(getRequest(['a']));
  }
  await judged(guard, 10);
  expect(shadow.asked).toHaveLength(2);
});

test('more than may wait is skipped, and counted', async () => {
  const guard = await start(new TestPolicy());
  const connection = guard.connect(ALICE);
  for (let count = 0; count < 10_005; count += 1) guard.admit(connection);
  expect(guard.guard.metrics().shadow).toMatchObject({ judged: 0, skipped: 5 });
  await judged(guard, 10_000);
});

test('more text than may wait is skipped too, and there is room again once it was judged', async () => {
  const guard = await start(new TestPolicy());
  const call = guard.admitted(guard.connect(ALICE), { method: GET });
  const name = 'x'.repeat(1_000_000);
  for (const judgedSoFar of [17, 33]) {
    for (let count = 0; count < 18; count += 1) {
      expect(await call.judgeRequest(getRequest([], { name }))).toBeUndefined();
    }
    await judged(guard, judgedSoFar);
  }
  expect(guard.guard.metrics().shadow).toMatchObject({ skipped: 4 });
});

test('a share of the decisions', async () => {
  const random = vi.spyOn(Math, 'random');
  try {
    const guard = await start(new TestPolicy(), 0.25);
    const connection = guard.connect(ALICE);
    for (const value of [0.2, 0.25, 0.3, 0.9, 0]) {
      random.mockReturnValue(value);
      guard.admit(connection);
    }
    await judged(guard, 2);
  } finally {
    random.mockRestore();
  }
});

describe('a mistake is told when the guard is made', () => {
  test.each([0, -1, 1.1, Number.NaN])('sample %d', async (sample) => {
    await expect(start(new TestPolicy(), sample)).rejects.toMatchObject({ code: 'config_invalid' });
  });

  test('the enforced policy as its own shadow, by its source or itself', async () => {
    const options = await TestedGuard.start();
    const same = { current: () => options.policy.current(), onChange: () => () => undefined };
    for (const policy of [options.policy, same]) {
      await expect(TestedGuard.start({ policy: options.policy, shadow: { policy } })).rejects.toThrow(GuardError);
    }
    (await TestedGuard.start({ policy: options.policy, shadow: { policy: new TestPolicy() } })).guard.close();
    options.guard.close();
  });
});
