import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { safeLogger } from '@dirgate/live';
import { type ClientReadableStream, status } from '@grpc/grpc-js';
import { expect, test, vi } from 'vitest';
import { SILENT_LOGGER } from '../test-support/silent-logger.js';
import { Backoff } from './backoff.js';
import { runStreamLoop } from './stream-loop.js';
import type { WorkloadApiClient } from './workload-api-channel.js';

test('neither a client that cannot be opened nor a logger that throws ends the loop', async () => {
  const controller = new AbortController();
  const onFailure = vi.fn();
  const log = vi.fn(() => {
    throw new Error('no disk space');
  });
  let attempts = 0;
  const ended = await runStreamLoop({
    name: 'FetchX509SVID',
    openClient: () => {
      attempts += 1;
      if (attempts === 3) controller.abort();
      throw new Error('could not parse target');
    },
    openStream: () => expect.unreachable(),
    apply: async () => expect.unreachable(),
    onFailure,
    backoff: new Backoff({ initialMs: 1, maxMs: 1 }),
    responseTimeoutMs: 1000,
    logger: safeLogger({ info: log, warn: log, error: log }),
    signal: controller.signal,
  });
  expect(ended).toBeUndefined();
  expect(attempts).toBe(3);
  expect(onFailure).toHaveBeenCalledTimes(2);
  expect(onFailure).toHaveBeenCalledWith(expect.objectContaining({ code: status.DATA_LOSS, details: 'could not parse target' }));
  expect(log).toHaveBeenCalledTimes(1);
});

test.each([
  ['discarded: every attempt waits its turn, and the same fault is told once', false],
  ['taken over: the next attempt comes at once, and waiting begins anew', true],
])('messages that are %s', async (_name, good) => {
  const controller = new AbortController();
  const backoff = new Backoff({ initialMs: 5, maxMs: 5 });
  const next = vi.spyOn(backoff, 'next');
  const reset = vi.spyOn(backoff, 'reset');
  const error = vi.fn();
  let attempts = 0;
  await runStreamLoop<string>({
    name: 'FetchX509SVID',
    openClient: () => ({ close: () => {} }) as unknown as WorkloadApiClient,
    openStream: () => {
      const stream = new PassThrough({ objectMode: true });
      attempts += 1;
      if (attempts === 4) controller.abort();
      stream.write('message');
      // Longer than the shortest wait: it did not only blink.
      setTimeout(() => stream.end(), 10);
      return Object.assign(stream, { cancel: () => stream.end() }) as unknown as ClientReadableStream<string>;
    },
    apply: async () => {
      await sleep(1);
      if (!good) throw new Error('of no use');
    },
    onFailure: () => {},
    backoff,
    responseTimeoutMs: 1000,
    logger: { ...SILENT_LOGGER, error },
    signal: controller.signal,
  });
  expect(next).toHaveBeenCalledTimes(good ? 0 : 3);
  expect(reset).toHaveBeenCalledTimes(good ? 3 : 0);
  expect(error).toHaveBeenCalledTimes(good ? 0 : 1);
});
