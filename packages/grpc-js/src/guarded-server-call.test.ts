import { EventEmitter } from 'node:events';
import type { Http2Stream } from 'node:http2';
import type { GuardedCall, Refusal } from '@dirgate/guard';
import { Metadata, type ServerInterceptingCallInterface, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GuardedServerCall } from './guarded-server-call.js';

const refusal: Refusal = { code: 'policy_denied', status: 7, details: 'no', decisionId: 'x' };
const BIDI = { requestStream: true, responseStream: true, responseSerialize: (message: unknown) => Buffer.from(String(message)) };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A call between a wire and a handler that write down what reaches them; `judge` is the guard. */
function build(
  judge: (message: unknown) => Refusal | undefined | Promise<Refusal | undefined>,
  shape = BIDI,
  judgesRequests = true,
) {
  const wire: string[] = [];
  const handler: string[] = [];
  const next = {
    start: () => undefined,
    startRead: () => wire.push('read'),
    sendMetadata: () => wire.push('metadata'),
    sendMessage: (message: unknown) => wire.push(`message ${message}`),
    sendStatus: ({ code, details }: { code: status; details: string }) => wire.push(`status ${code} ${details}`),
  } as unknown as ServerInterceptingCallInterface;
  const stream = Object.assign(new EventEmitter(), { closed: false, close: vi.fn() });
  let revoke = (_refusal: Refusal): void => undefined;
  const guarded = {
    judgesRequests,
    judgeRequest: judge,
    watch: (onRevoked: typeof revoke) => {
      revoke = onRevoked;
    },
  } as unknown as GuardedCall;
  const call = new GuardedServerCall(next, stream as unknown as Http2Stream, guarded, shape, undefined);
  call.start({
    onReceiveMetadata: () => handler.push('metadata'),
    onReceiveMessage: (message: unknown) => handler.push(`message ${message}`),
    onReceiveHalfClose: () => handler.push('end'),
    onCancel: () => handler.push('cancel'),
  });
  return { call, wire, handler, stream, revoke: (with_: Refusal) => revoke(with_) };
}

const refuseBad = (message: unknown): Refusal | undefined => (message === 'bad' ? refusal : undefined);

test('bidi: a handler that never ends has five seconds, then the refusal goes out', async () => {
  const { call, wire, handler } = build(refuseBad);
  call.onReceiveMessage('good');
  call.onReceiveMessage('bad');
  call.onReceiveMessage('good');
  call.onReceiveHalfClose();
  expect(handler).toEqual(['message good', 'end']);
  call.startRead(); // not a byte more is asked for
  call.sendMessage('answer', () => undefined);
  await vi.advanceTimersByTimeAsync(4999);
  expect(wire).toEqual(['message answer']);
  await vi.advanceTimersByTimeAsync(1);
  expect(wire).toEqual(['message answer', 'status 7 no']);
  call.sendMessage('late', () => undefined);
  call.sendStatus({ code: status.OK, details: 'late' });
  expect(wire).toHaveLength(2);
});

test.each([
  ['its OK becomes the refusal', { code: status.OK, details: 'OK' }, 'status 7 no'],
  ['a status without code is an OK', {}, 'status 7 no'],
  ['its own error passes', { code: status.NOT_FOUND, details: 'own' }, 'status 5 own'],
])('bidi: a handler that ends in time: %s', async (_name, sent, expected) => {
  const { call, wire } = build(refuseBad);
  call.onReceiveMessage('bad');
  call.sendStatus(sent as Parameters<typeof call.sendStatus>[0]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(wire).toEqual([expected]);
});

test.each([BIDI, { ...BIDI, requestStream: false }])('%o: what ends while it is judged reaches nobody', (shape) => {
  const good = build(() => undefined, shape);
  good.call.onReceiveMessage('a');
  expect(good.handler).toEqual(['message a']);
  for (const verdict of [undefined, refusal]) {
    const { call, wire, handler, revoke } = build(() => {
      revoke({ ...refusal, status: 16, details: 'gone' }); // a sink that closes the guard
      return verdict;
    }, shape);
    call.onReceiveMessage('a');
    expect([handler, wire]).toEqual([[], ['status 16 gone']]);
  }
});

test('client stream: the handler never sees an end, only the cancellation', () => {
  const { call, wire, handler } = build(refuseBad, { ...BIDI, responseStream: false });
  call.onReceiveMessage('good');
  call.onReceiveMessage('bad');
  expect(wire).toEqual(['status 7 no']);
  call.onReceiveHalfClose();
  call.onReceiveMessage('good');
  call.onCancel();
  expect(handler).toEqual(['message good', 'cancel']);
});

test('while a message waits for its verdict nothing else is read', async () => {
  let answer = (_verdict: Refusal | undefined): void => undefined;
  const { call, wire, handler } = build(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  call.onReceiveMessage('slow');
  call.startRead();
  expect([wire, handler]).toEqual([[], []]);
  answer(undefined);
  await vi.advanceTimersByTimeAsync(1);
  expect([wire, handler]).toEqual([['read'], ['message slow']]);
});

test('only what the handler asked for is read after a message that waited', async () => {
  const { call, wire, handler } = build(async () => undefined);
  call.onReceiveMessage('first');
  call.startRead();
  await vi.advanceTimersByTimeAsync(1);
  expect([wire, handler]).toEqual([['read'], ['message first']]);
  call.onReceiveMessage('second'); // behind which the handler wants nothing yet
  await vi.advanceTimersByTimeAsync(1);
  expect([wire, handler]).toEqual([['read'], ['message first', 'message second']]);
});

test.each(['revoked', 'cancelled'] as const)('a verdict that comes when the call was %s is late', async (how) => {
  let answer = (_verdict: Refusal | undefined): void => undefined;
  const { call, wire, handler, revoke } = build(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  call.onReceiveMessage('slow');
  if (how === 'revoked') revoke(refusal);
  else call.onCancel();
  answer(undefined);
  await vi.advanceTimersByTimeAsync(1);
  expect(handler).not.toContain('message slow');
  expect(wire).toEqual(how === 'revoked' ? ['status 7 no'] : []);
});

test('after a revocation nothing passes in either direction', async () => {
  const { call, wire, handler, stream, revoke } = build(refuseBad);
  revoke(refusal);
  revoke(refusal);
  call.onReceiveMessage('good');
  call.onReceiveHalfClose();
  call.startRead();
  call.sendMetadata(new Metadata());
  call.sendMessage('late', () => undefined);
  call.sendStatus({ code: status.OK, details: 'late' });
  expect([wire, handler]).toEqual([['status 7 no'], []]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(stream.close).toHaveBeenCalledOnce();
});

test.each([true, false])('after the end no message reaches the handler, nor the guard: judged %s', (judgesRequests) => {
  const judge = vi.fn(() => undefined);
  const { call, handler, revoke } = build(judge, BIDI, judgesRequests);
  call.onReceiveMessage('before');
  revoke(refusal);
  call.onReceiveMessage('after');
  expect(handler).toEqual(['message before']);
  expect(judge).toHaveBeenCalledTimes(judgesRequests ? 1 : 0);
});

test.each([
  ['at once', refuseBad],
  ['late', async () => undefined],
] as const)('what a handler throws is thrown on, not turned into a denial or a rejection: judged %s', async (_name, judge) => {
  const { call, wire } = build(judge);
  call.start({
    onReceiveMetadata: () => undefined,
    onReceiveMessage: () => {
      throw new Error('own');
    },
    onReceiveHalfClose: () => undefined,
    onCancel: () => undefined,
  });
  const receive = async (): Promise<void> => {
    call.onReceiveMessage('good');
    await vi.advanceTimersByTimeAsync(1);
  };
  await expect(receive()).rejects.toThrow('own');
  expect(wire).toEqual([]);
});
