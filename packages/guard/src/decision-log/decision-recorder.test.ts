import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createDecisionInput, createMethod, type DecisionContext } from '../decision/decision-input.js';
import { Failure } from '../refusal.js';
import { decisionInput } from '../test-support/decision-events.js';
import type { DecisionEvent, DecisionSink } from './decision-event.js';
import { DecisionRecorder } from './decision-recorder.js';

const facts = {
  method: '/a.B/C',
  step: 'request',
  peerAddress: '192.0.2.1:7',
  subject: 'spiffe://a/b',
  credential: 'x509-svid',
  revision: 'r',
} as const;
const failure = new Failure('policy_denied', ['role_missing'], 'X-1');

/** One that says, as some do, when nobody has taken its rejection. */
function foreignPromise(reason: Error): PromiseLike<never> {
  const own = Promise.reject(reason);
  // biome-ignore lint/suspicious/noThenProperty: that is what makes it a promise
  return { then: own.then.bind(own) } as PromiseLike<never>;
}

test('tells the sink of what was allowed and of what was refused', () => {
  const events: DecisionEvent[] = [];
  const recorder = new DecisionRecorder(
    (event) => events.push(event),
    () => 42,
  );
  recorder.allowed({ ...facts, resource: { type: 'record', id: 'a', properties: { secret: 'canary' } } }, ['role_reader']);
  const refusal = recorder.refused(facts, failure);
  expect(events).toMatchObject([
    { ...facts, time: 42, allow: true, code: 'allowed', reasons: ['role_reader'], resource: { type: 'record', id: 'a' } },
    { ...facts, time: 42, allow: false, code: 'policy_denied', reasons: ['role_missing'], rule: 'X-1' },
  ]);
  expect(refusal).toEqual({
    code: 'policy_denied',
    status: 7,
    details: `refused by policy (decision ${events[1]?.id})`,
    decisionId: events[1]?.id,
  });
  expect(JSON.stringify(events)).not.toContain('canary');
});

test('ids do not repeat, and differ between recorders', () => {
  const ids = new Set<string>();
  for (let recorders = 0; recorders < 3; recorders += 1) {
    const recorder = new DecisionRecorder(undefined, Date.now);
    for (let count = 0; count < 100; count += 1) ids.add(recorder.refused(facts, failure).decisionId);
  }
  expect(ids.size).toBe(300);
});

test.each<[string, DecisionSink]>([
  [
    'throws',
    () => {
      throw new Error('canary');
    },
  ],
  ['rejects', async () => Promise.reject(new Error('canary'))],
  ['rejects by a promise of another library', () => foreignPromise(new Error('canary'))],
])('a sink that %s changes nothing and ends nothing', async (_name, sink) => {
  let told = 0;
  const unhandled: unknown[] = [];
  const note = (error: unknown): number => unhandled.push(error);
  process.on('unhandledRejection', note);
  const recorder = new DecisionRecorder((event) => {
    told += 1;
    return sink(event);
  }, Date.now);
  recorder.allowed(facts, []);
  expect(recorder.refused(facts, failure)).toMatchObject({ code: 'policy_denied', status: 7 });
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect([told, unhandled]).toEqual([2, []]);
});

test('a clock that throws changes nothing, and loses no event', () => {
  const sink = vi.fn();
  const recorder = new DecisionRecorder(sink, () => {
    throw new Error('no time');
  });
  expect(recorder.refused(facts, failure).status).toBe(7);
  expect(sink).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'policy_denied', time: Number.NaN }));
});

test('an id that a caller made huge is cut', () => {
  const events: DecisionEvent[] = [];
  const recorder = new DecisionRecorder((event) => events.push(event), Date.now);
  for (const length of [256, 257, 1_000_000])
    recorder.allowed({ ...facts, resource: { type: 'record', id: 'é'.repeat(length), properties: {} } }, []);
  expect(events.map((event) => event.resource?.id?.length)).toEqual([256, 257, 257]);
  expect(events[2]?.resource?.id).toBe(`${'é'.repeat(256)}…`);
});

describe('what an event says of its call', () => {
  const method = createMethod('/a.B/C', { class: 'read', phases: ['call', 'request'] });
  const subject = decisionInput.subject;
  const context: DecisionContext = {
    caller: { subject, caller: {} as never },
    method,
    server: decisionInput.context.server,
    peerAddress: '192.0.2.1:7',
  };
  const resource = { type: 'record', id: 'cid', properties: { name: 'n' }, describedBy: 'cid' };
  const events: DecisionEvent[] = [];
  const recorder = new DecisionRecorder(
    (event) => events.push(event),
    () => 42,
  );
  beforeEach(() => {
    events.length = 0;
  });

  test.each([
    ['call', 'call'],
    ['request', 'request'],
    ['response', 'response'],
    ['revocation', 'call'],
  ] as const)('step %s: the input that the policy was asked', (step, phase) => {
    recorder.allowed({ ...facts, step, context, resource, now: 41 }, []);
    expect(events[0]?.input).toEqual(
      createDecisionInput(context, phase, { type: 'record', id: 'cid', properties: { name: 'n' } }, 41),
    );
    expect(events[0]?.input?.subject).toBe(subject); // shared: a log writes it once
  });

  test.each([
    { context, now: 41 },
    { context, resource },
    { resource, now: 41 },
  ])('no input where the policy was not asked: %#', (more) => {
    recorder.refused({ ...facts, ...more }, failure);
    expect(events[0]?.input).toBeUndefined();
  });

  test('an event that is written as it is shows no claim', () => {
    recorder.allowed({ ...facts, context, resource, now: 41 }, []);
    expect(JSON.stringify(events[0]?.input)).toContain('canary');
    expect(JSON.stringify([events[0], { ...events[0] }])).not.toContain('canary');
  });

  test('another bundle is another generation, the same one is the same', () => {
    const [first, second] = [{}, {}];
    expect([first, second, first, undefined].map((bundle) => recorder.generationOf(bundle))).toEqual([1, 2, 1, undefined]);
  });

  test('the trace of the caller', () => {
    recorder.refused({ ...facts, trace: { traceId: 'a', spanId: 'b' } }, failure);
    expect(events[0]).toMatchObject({ traceId: 'a', spanId: 'b' });
  });
});
