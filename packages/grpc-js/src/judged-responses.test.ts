import { EventEmitter } from 'node:events';
import type { Http2Stream } from 'node:http2';
import type { GuardedCall, Refusal } from '@dirgate/guard';
import { Metadata, type ServerInterceptingCallInterface, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { GuardedServerCall } from './guarded-server-call.js';

type Verdict = Refusal | undefined;
interface Message {
  id: string;
}

const refusal: Refusal = { code: 'policy_denied', status: 7, details: 'no', decisionId: 'x' };
const broken: Refusal = { code: 'policy_failed', status: 13, details: 'broken', decisionId: 'y' };
const OK = { code: status.OK, details: 'OK' };
const SHAPES = {
  unary: { requestStream: false, responseStream: false },
  'client stream': { requestStream: true, responseStream: false },
  'server stream': { requestStream: false, responseStream: true },
  bidi: { requestStream: true, responseStream: true },
} as const;
const SINGLE = ['unary', 'client stream'] as const;
const STREAMS = ['server stream', 'bidi'] as const;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});
const nextTurn = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1);

/** A call whose responses are judged by `verdictOf`; `late`: each verdict comes when `settle` is called. */
function build(
  shape: keyof typeof SHAPES,
  { late = false, judged = true, serialize = (message: unknown): unknown => Buffer.from((message as Message).id) } = {},
) {
  const wire: string[] = [];
  const handler: string[] = [];
  const reasons: string[] = [];
  const waiting: (() => void)[] = [];
  const guard = { judgesRequests: true, judgesResponses: judged };
  const verdictOf = ({ id }: Message): Verdict => ({ bad: refusal, broken })[id];
  const next = {
    start: () => undefined,
    sendMetadata: () => wire.push('metadata'),
    sendMessage: ({ id }: Message, callback: () => void) => {
      wire.push(id);
      callback();
    },
    sendStatus: ({ code, details }: { code: status; details: string }) => wire.push(`status ${code} ${details}`),
  } as unknown as ServerInterceptingCallInterface;
  let revoke = (_refusal: Refusal): void => undefined;
  const guarded = Object.assign(guard, {
    judgeRequest: verdictOf,
    judgeResponse: (message: Message): Verdict | Promise<Verdict> => {
      if (message.id === 'ends') revoke({ ...refusal, status: 16, details: 'gone' }); // a sink that closes the guard
      const verdict = verdictOf(message);
      return late ? new Promise((resolve) => waiting.push(() => resolve(verdict))) : verdict;
    },
    refuseResponse: (reason: string): Refusal => {
      reasons.push(reason);
      return { code: 'guard_failed', status: 13, details: reason, decisionId: 'z' };
    },
    watch: (onRevoked: typeof revoke) => {
      revoke = onRevoked;
    },
  });
  const call = new GuardedServerCall(
    next,
    Object.assign(new EventEmitter(), { closed: false, close: vi.fn() }) as unknown as Http2Stream,
    guarded as unknown as GuardedCall,
    { ...SHAPES[shape], responseSerialize: serialize as (message: unknown) => Buffer },
    undefined,
  );
  call.start({
    onReceiveMetadata: () => undefined,
    onReceiveMessage: ({ id }: Message) => handler.push(`message ${id}`),
    onReceiveHalfClose: () => handler.push('end'),
    onCancel: () => handler.push('cancel'),
  });
  const send = (id: string): Message => {
    const message = { id };
    call.sendMessage(message, () => handler.push(`sent ${id}`));
    return message;
  };
  /** Lets the verdict through that waits. */
  const settle = async (): Promise<void> => {
    waiting.shift()?.();
    await nextTurn();
  };
  return { call, wire, handler, reasons, waiting, guard, send, settle, revoke: (with_: Refusal) => revoke(with_) };
}

describe.each([false, true])('verdicts that come late: %s', (late) => {
  test.each(STREAMS)('%s: what was allowed passes in order, what was refused is left out', async (shape) => {
    const { call, wire, handler, send, settle } = build(shape, { late });
    call.sendMetadata(new Metadata());
    for (const id of ['a', 'bad', 'b']) {
      send(id);
      await settle();
    }
    expect(handler).toEqual(['sent a', 'sent bad', 'sent b']); // the handler goes on
    call.sendStatus(OK);
    expect(wire).toEqual(['metadata', 'a', 'b', 'status 0 OK']);
  });

  test.each(SINGLE)('%s: the refused response is PERMISSION_DENIED, never an empty OK', async (shape) => {
    const good = build(shape, { late });
    good.send('a');
    await good.settle();
    good.call.sendStatus(OK);
    expect(good.wire).toEqual(['a', 'status 0 OK']);
    const { call, wire, handler, send, settle } = build(shape, { late });
    send('bad');
    await settle();
    call.sendStatus(OK);
    expect([wire, handler]).toEqual([['status 7 no'], []]);
  });

  test.each([...SINGLE, ...STREAMS])('%s: no verdict is no filter: the call ends', async (shape) => {
    const { call, wire, handler, send, settle } = build(shape, { late });
    send('broken');
    await settle();
    send('a');
    call.sendStatus(OK);
    expect([wire, handler]).toEqual([['status 13 broken'], []]);
  });
});

test('a message that is left out gives the turn away before the handler goes on', () => {
  const { handler, send } = build('server stream');
  send('bad');
  expect(handler).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(handler).toEqual(['sent bad']);
});

test.each(['a', 'bad'])('the status waits for the message %s before it, metadata does not', async (id) => {
  const { call, wire, send, settle } = build('server stream', { late: true });
  send(id);
  call.sendMetadata(new Metadata());
  call.sendStatus(OK);
  call.sendStatus({ code: status.ABORTED, details: 'second' });
  expect(wire).toEqual(['metadata']);
  await settle();
  expect(wire).toEqual(['metadata', ...(id === 'a' ? ['a'] : []), 'status 0 OK']);
});

test('a message that is sent while another waits ends the call: there is no queue', async () => {
  const { wire, reasons, send, settle } = build('server stream', { late: true });
  send('a');
  await settle();
  send('b');
  send('c');
  await settle();
  expect(wire).toEqual(['a', 'status 13 response_out_of_turn']);
  expect(reasons).toEqual(['response_out_of_turn']);
});

test('what goes out is what was judged: an object that changed meanwhile ends the call', async () => {
  const kept = build('server stream', { late: true });
  kept.send('a').id = 'a';
  await kept.settle();
  const { wire, reasons, send, settle } = build('server stream', { late: true });
  send('a').id = 'secret';
  await settle();
  expect([kept.wire, wire]).toEqual([['a'], ['status 13 response_changed']]);
  expect(reasons).toEqual(['response_changed']);
});

test.each([false, true])(
  'what the handler throws when its message is out is thrown on, not turned into a rejection: late %s',
  async (late) => {
    const { call, settle } = build('server stream', { late });
    const send = async (): Promise<void> => {
      call.sendMessage({ id: 'a' }, () => {
        throw new Error('own');
      });
      await settle();
    };
    await expect(send()).rejects.toThrow('own');
  },
);

test.each(['throws', 'answers no bytes'])('a serializer that %s is left to grpc-js', async (how) => {
  const odd = build('server stream', {
    late: true,
    serialize: () => {
      if (how === 'throws') throw new Error('own');
      return {};
    },
  });
  odd.send('a');
  await odd.settle();
  expect([odd.wire, odd.reasons]).toEqual([['a'], []]);
});

test.each(['revoked', 'cancelled'] as const)('a verdict that comes when the call was %s is late', async (how) => {
  const { call, wire, handler, reasons, send, settle, revoke } = build('bidi', { late: true });
  const message = send('a');
  call.sendStatus(OK);
  if (how === 'revoked') revoke(broken);
  else call.onCancel();
  message.id = 'changed';
  await settle();
  expect(wire).toEqual(how === 'revoked' ? ['status 13 broken'] : []);
  expect([handler, reasons]).toEqual([how === 'revoked' ? [] : ['cancel'], []]);
});

test('a message that could not be serialized when it was judged, and can be by now, does not go out', async () => {
  for (const fails of [false, true]) {
    let times = 0;
    const { wire, reasons, send, settle } = build('server stream', {
      late: true,
      serialize: () => {
        times += 1;
        if (fails && times === 1) throw new Error('not yet');
        return Buffer.from('a');
      },
    });
    send('a');
    await settle();
    expect([wire, reasons]).toEqual(fails ? [['status 13 response_changed'], ['response_changed']] : [['a'], []]);
  }
});

describe('bidi, half-closed by a refused request while a response waits', () => {
  const halfClosed = () => {
    const world = build('bidi', { late: true });
    world.call.onReceiveMessage({ id: 'a' });
    world.send('a');
    world.call.onReceiveMessage({ id: 'bad' });
    expect(world.handler).toEqual(['message a', 'end']);
    return world;
  };

  test('the response passes, then the OK becomes the refusal', async () => {
    const { call, wire, settle } = halfClosed();
    call.sendStatus(OK);
    expect(wire).toEqual([]);
    await settle();
    expect(wire).toEqual(['a', 'status 7 no']);
  });

  test('not longer than five seconds', async () => {
    const { call, wire, settle } = halfClosed();
    call.sendStatus(OK);
    await vi.advanceTimersByTimeAsync(5000);
    await settle();
    expect(wire).toEqual(['status 7 no']);
  });
});

describe('a policy that begins or ceases to judge responses on an open stream', () => {
  test('from then on', async () => {
    const { wire, guard, send } = build('server stream', { judged: false });
    send('bad');
    guard.judgesResponses = true;
    send('bad');
    send('a');
    guard.judgesResponses = false;
    send('bad');
    await nextTurn();
    expect(wire).toEqual(['bad', 'a', 'bad']);
  });

  test('what waits keeps its place', async () => {
    const { call, wire, guard, send, settle } = build('server stream', { late: true });
    send('a');
    guard.judgesResponses = false;
    call.sendStatus(OK);
    expect(wire).toEqual([]);
    await settle();
    expect(wire).toEqual(['a', 'status 0 OK']);
  });
});

test.each(Object.keys(SHAPES) as (keyof typeof SHAPES)[])(
  '%s: a call that ends while its response is judged answers nothing',
  (shape) => {
    const { call, wire, handler, send } = build(shape);
    send('ends');
    call.sendStatus(OK);
    expect([wire, handler]).toEqual([['status 16 gone'], []]);
  },
);
