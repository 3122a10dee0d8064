import { describe, expect, test, vi } from 'vitest';
import { GET, getRequest, PING, TestedGuard } from './test-support/tested-guard.js';

const CALLER = 'spiffe://home.example/caller';
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** A live call of {@link GET} under a policy that judges every phase and refuses `bad`. */
async function liveCall(options: Parameters<typeof TestedGuard.start>[0] = {}) {
  const tested = await TestedGuard.start(options);
  tested.policy.phases = ['call', 'request', 'response'];
  tested.policy.decide = ({ resource }) => ({ allow: resource.id !== 'bad', reasons: ['test'], revision: 'one' });
  tested.policy.replace('one');
  const call = tested.admitted(tested.connect(CALLER), { method: GET });
  const onRevoked = vi.fn();
  call.watch(onRevoked);
  tested.events.length = 0;
  return { tested, call, onRevoked };
}

describe.each([
  ['request', 'judgeRequest'],
  ['response', 'judgeResponse'],
] as const)('%s messages', (phase, judge) => {
  test('each resource is a decision of that phase, all must allow', async () => {
    const { tested, call } = await liveCall();
    expect([call.judgesRequests, call.judgesResponses]).toEqual([true, true]);
    expect(await call[judge](getRequest(['a', 'b']))).toBeUndefined();
    const refusal = await call[judge](getRequest(['a', 'bad', 'b']));
    expect(refusal).toMatchObject({ code: 'policy_denied', status: 7, decisionId: tested.events.at(-1)?.id });
    expect(tested.events.map(({ step, allow, resource }) => [step, allow, resource?.id])).toEqual([
      [phase, true, 'a'],
      [phase, true, 'b'],
      [phase, true, 'a'],
      [phase, false, 'bad'],
    ]);
    expect(tested.policy.asked.at(-1)?.action.properties.phase).toBe(phase);
    expect(tested.guard.metrics().filteredResponses).toBe(phase === 'response' ? 1 : 0);
  });

  test('no verdict is not counted as a filtered message', async () => {
    const { tested, call } = await liveCall();
    expect(await call[judge]({ $typeName: 'test.v1.Odd', ids: ['a'] })).toMatchObject({ code: 'message_unreadable' });
    expect(await call[judge](getRequest(Array.from({ length: 1001 }, () => 'a')))).toMatchObject({ code: 'too_many_resources' });
    tested.policy.decide = () => {
      throw 'a string, as opa-wasm does';
    };
    expect(await call[judge](getRequest(['a']))).toMatchObject({ code: 'policy_failed' });
    expect(tested.events.map(({ step }) => step)).toEqual([phase, phase, phase]);
    expect(tested.guard.metrics().filteredResponses).toBe(0);
  });

  test('a method that declares none: the policy is asked about the call alone', async () => {
    const { tested, call } = await liveCall();
    expect(await call[judge](getRequest(['a']))).toBeUndefined();
    const ping = tested.admitted(tested.connect(CALLER), { method: PING });
    expect([ping.judgesRequests, ping.judgesResponses]).toEqual([false, false]);
    expect(await ping[judge](getRequest(['a']))).toMatchObject({ code: 'message_unreadable' });
  });

  test.each([
    ['as the policy wants it', { name: 'good' }, undefined],
    ['otherwise', { name: 'other' }, 'policy_denied'],
    ['without what the policy wants', undefined, 'policy_denied'],
  ])('described, %s', async (_name, properties, code) => {
    const { tested, call } = await liveCall({ describe: async () => ({ secret: 'yes', ...properties }) });
    tested.policy.decide = ({ resource }) => ({ allow: resource.properties['name'] === 'good', reasons: [], revision: 'one' });
    const verdict = call[judge](getRequest(['a']));
    expect(verdict).toBeInstanceOf(Promise);
    expect((await verdict)?.code).toBe(code);
    expect(tested.policy.asked.at(-1)?.resource.properties).toEqual({ secret: 'yes', ...properties });
  });

  describe('the policy changes while describe is waited for', () => {
    const changed = async (phases: readonly ('call' | 'request' | 'response')[], id: string) => {
      let answer = (): void => undefined;
      const { tested, call, onRevoked } = await liveCall({
        describe: () =>
          new Promise((resolve) => {
            answer = () => resolve({});
          }),
      });
      const verdict = call[judge](getRequest([id]));
      tested.policy.phases = phases;
      tested.policy.decide = ({ resource }) => ({ allow: resource.id !== 'worse', reasons: ['new'], revision: 'two' });
      tested.policy.replace('two');
      await nextTurn();
      answer();
      expect(onRevoked).not.toHaveBeenCalled();
      return { verdict: await verdict, last: tested.events.at(-1) };
    };

    test('the new one judges', async () => {
      expect((await changed(['call', phase], 'bad')).verdict).toBeUndefined();
      const { verdict, last } = await changed(['call', phase], 'worse');
      expect([verdict?.code, last?.revision, last?.reasons]).toEqual(['policy_denied', 'two', ['new']]);
    });

    test('the new one does not ask for such messages', async () => {
      const { verdict, last } = await changed(['call'], 'worse');
      expect([verdict, last?.step]).toEqual([undefined, undefined]);
    });
  });
});

test('what an adapter refuses a response for is told and is a failure', async () => {
  const { tested, call } = await liveCall();
  expect(call.refuseResponse('response_changed')).toMatchObject({ code: 'guard_failed', status: 13 });
  expect(tested.events.at(-1)).toMatchObject({ step: 'response', code: 'guard_failed', reasons: ['response_changed'] });
  expect(tested.guard.metrics().filteredResponses).toBe(0);
});
