import { describe, expect, test, vi } from 'vitest';
import type { GuardOptions } from './guard-options.js';
import { GET, getRequest, TestedGuard } from './test-support/tested-guard.js';

const nextTurn = (): Promise<void> => new Promise(setImmediate);
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`);

/** A live call of {@link GET} under a policy of which each evaluation takes a millisecond; ten of them fill a turn. */
async function liveCall(options: Partial<GuardOptions> = {}) {
  let nowMs = 0;
  const tested = await TestedGuard.start(options, { monotonic: () => nowMs });
  tested.policy.phases = ['call', 'request', 'response'];
  tested.policy.replace('one');
  const asked: string[] = [];
  const judgeBy = (revision: string, allows: (id: string) => boolean): void => {
    tested.policy.decide = ({ resource, action: { properties } }) => {
      nowMs += properties.phase === 'call' ? 0 : 1;
      if (properties.phase !== 'call') asked.push(`${revision} ${resource.id}`);
      return { allow: allows(resource.id ?? ''), reasons: [revision], revision };
    };
  };
  judgeBy('one', () => true);
  const admit = () => {
    const call = tested.admitted(tested.connect('spiffe://partner.example/caller'), { method: GET });
    const onRevoked = vi.fn();
    call.watch(onRevoked);
    return { call, onRevoked };
  };
  const { call, onRevoked } = admit();
  tested.events.length = 0;
  return { tested, call, onRevoked, asked, judgeBy, admit };
}

describe.each(['judgeRequest', 'judgeResponse'] as const)('%s', (judge) => {
  test('a message of few resources is judged at once', async () => {
    const { call, asked } = await liveCall();
    expect(call[judge](getRequest(numbered(10)))).toBeUndefined();
    expect(asked).toHaveLength(10);
  });

  test('one of a thousand gives way after each full turn, and all of it is judged once', async () => {
    const { call, asked } = await liveCall();
    const verdict = call[judge](getRequest(numbered(1000)));
    const perTurn = [asked.length];
    let settled = false;
    const done = Promise.resolve(verdict).finally(() => {
      settled = true;
    });
    while (!settled) {
      const before = asked.length;
      await nextTurn();
      perTurn.push(asked.length - before);
    }
    expect(await done).toBeUndefined();
    expect(Math.max(...perTurn)).toBe(10);
    expect(asked).toEqual(numbered(1000).map((id) => `one ${id}`));
  });

  test('a refusal late in it refuses it, and nothing behind is judged', async () => {
    const { tested, call, asked, judgeBy } = await liveCall();
    judgeBy('one', (id) => id !== '25');
    const verdict = await call[judge](getRequest(numbered(1000)));
    expect(verdict).toMatchObject({ code: 'policy_denied', decisionId: tested.events.at(-1)?.id });
    expect(tested.events.at(-1)).toMatchObject({ allow: false, resource: { id: '25' } });
    expect(asked).toHaveLength(26);
  });

  test('small messages fill a turn together, those of other calls too', async () => {
    const { call, asked, admit } = await liveCall();
    const { call: other } = admit();
    await nextTurn();
    for (const id of numbered(10)) {
      expect(call[judge](getRequest([id]))).toBeUndefined();
    }
    const late = [call[judge](getRequest(['own'])), other[judge](getRequest(['other']))];
    expect(late).toEqual([expect.any(Promise), expect.any(Promise)]);
    expect(asked).toHaveLength(10);
    expect(await Promise.all(late)).toEqual([undefined, undefined]);
    expect(asked.slice(10)).toEqual(['one own', 'one other']);
  });

  test('what is remembered fills no turn', async () => {
    const { tested, call, asked } = await liveCall();
    tested.policy.inputs = [['resource', 'id']];
    tested.policy.replace('one');
    await nextTurn();
    expect(call[judge](getRequest(Array.from({ length: 1000 }, () => 'same')))).toBeUndefined();
    expect(asked).toHaveLength(1);
  });
});

describe('a message that gave way', () => {
  test('is not judged any more once its call has ended, and is no allowed one', async () => {
    const { tested, call, asked } = await liveCall();
    const verdict = call.judgeRequest(getRequest(numbered(1000)));
    call.end();
    expect(await verdict).toMatchObject({ code: 'call_ended' });
    expect(tested.events.at(-1)).toMatchObject({ step: 'request', allow: false, code: 'call_ended' });
    expect(asked).toHaveLength(10);
  });

  test('ends with its call when that is revoked', async () => {
    const { tested, call, onRevoked, asked } = await liveCall();
    const verdict = call.judgeRequest(getRequest(numbered(1000)));
    tested.authority.unfederate('home.example', 'partner.example');
    expect(await verdict).toMatchObject({ code: 'call_ended' });
    expect(onRevoked).toHaveBeenCalledOnce();
    expect(asked.length).toBeLessThan(1000);
  });

  test('is judged from the start by a policy that replaced the first, never by two', async () => {
    for (const [denied, code] of [
      ['none', undefined],
      ['0', 'policy_denied'], // which the first policy had allowed
    ] as const) {
      const { tested, call, asked, judgeBy } = await liveCall();
      const verdict = call.judgeRequest(getRequest(numbered(100)));
      await nextTurn();
      judgeBy('two', (id) => id !== denied);
      tested.policy.replace('two');
      expect((await verdict)?.code).toBe(code);
      const anew = denied === '0' ? ['two 0'] : numbered(100).map((id) => `two ${id}`);
      expect(asked.slice(-anew.length)).toEqual(anew);
      expect(tested.events.at(-1)?.revision).toBe('two');
    }
  });

  test('is allowed by a policy that does not ask for such messages', async () => {
    const { tested, call, asked, judgeBy } = await liveCall();
    const verdict = call.judgeRequest(getRequest(numbered(100)));
    tested.policy.phases = ['call'];
    judgeBy('two', () => true);
    tested.policy.replace('two');
    expect(await verdict).toBeUndefined();
    expect(asked.filter((line) => line.startsWith('two'))).toEqual([]);
  });

  test('does not wait for ever on a policy that is replaced all the time', async () => {
    const { tested, call, judgeBy } = await liveCall();
    let settled = false;
    const verdict = Promise.resolve(call.judgeRequest(getRequest(numbered(1000)))).finally(() => {
      settled = true;
    });
    let replaced = 0;
    for (; !settled && replaced < 50; replaced += 1) {
      judgeBy(`revision-${replaced}`, () => true);
      tested.policy.replace(`revision-${replaced}`);
      await nextTurn();
    }
    expect(await verdict).toBeUndefined();
    expect(replaced).toBeLessThan(10);
  });

  test('is described for a policy that reads what the first did not', async () => {
    const { tested, call, judgeBy } = await liveCall({ describe: async ({ id }) => ({ of: id }) });
    tested.policy.reads = false;
    const verdict = call.judgeRequest(getRequest(numbered(20)));
    expect(tested.policy.asked.at(-1)?.resource.properties).toEqual({});
    tested.policy.reads = true;
    judgeBy('two', () => true);
    tested.policy.replace('two');
    expect(await verdict).toBeUndefined();
    expect(tested.policy.asked.at(-1)?.resource.properties).toEqual({ of: '19' });
  });
});

test('a call that ends while its message is described has nothing more described', async () => {
  const answers: (() => void)[] = [];
  const describeOne = vi.fn(() => new Promise<undefined>((resolve) => answers.push(() => resolve(undefined))));
  const { tested, call, asked } = await liveCall({ describe: describeOne });
  const verdict = call.judgeRequest(getRequest(numbered(1000)));
  const atOnce = answers.length;
  for (const answer of answers.splice(0)) answer();
  await nextTurn();
  expect(describeOne.mock.calls.length).toBeGreaterThan(atOnce); // positive twin: it goes on while the call lives
  call.end();
  const asks = describeOne.mock.calls.length;
  for (const answer of answers.splice(0)) answer();
  expect(await verdict).toMatchObject({ code: 'call_ended' });
  expect(describeOne).toHaveBeenCalledTimes(asks);
  expect(asked).toEqual([]);
  expect(tested.events.map(({ code }) => code)).toEqual(['call_ended']);
});
