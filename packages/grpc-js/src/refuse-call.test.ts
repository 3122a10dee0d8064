import { EventEmitter } from 'node:events';
import { constants, type Http2Stream } from 'node:http2';
import type { Refusal } from '@dirgate/guard';
import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { refuseCall } from './refuse-call.js';

const refusal: Refusal = { code: 'policy_denied', status: 7, details: 'no', decisionId: 'x' };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Refuses a call on a stream; answers the status that went out, and how the stream was closed. */
function refuse({ fails = false, closed = false } = {}) {
  const sendStatus = vi.fn(() => {
    if (fails) throw new Error('the stream is gone');
  });
  const stream = Object.assign(new EventEmitter(), { closed, close: vi.fn() });
  const call = { sendStatus } as unknown as ServerInterceptingCallInterface;
  refuseCall(call, stream as unknown as Http2Stream, refusal);
  return { sendStatus, stream };
}

test('the status goes out at once, and a stream that stays open is reset a second later', () => {
  const { sendStatus, stream } = refuse();
  expect(sendStatus).toHaveBeenCalledExactlyOnceWith({ code: 7, details: 'no' });
  vi.advanceTimersByTime(999);
  expect(stream.close).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(stream.close).toHaveBeenCalledExactlyOnceWith(constants.NGHTTP2_CANCEL);
});

test('a stream that closes in time is not reset', () => {
  const { stream } = refuse();
  stream.emit('close');
  vi.advanceTimersByTime(10_000);
  expect(stream.close).not.toHaveBeenCalled();
});

test('a status that cannot be sent resets the stream at once, and throws nothing', () => {
  const { stream } = refuse({ fails: true });
  expect(stream.close).toHaveBeenCalledWith(constants.NGHTTP2_CANCEL);
});

test('a stream that is closed is left alone', () => {
  const { stream } = refuse({ closed: true });
  vi.advanceTimersByTime(10_000);
  expect(stream.close).not.toHaveBeenCalled();
});
