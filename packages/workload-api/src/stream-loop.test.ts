import { status } from '@grpc/grpc-js';
import { expect, test, vi } from 'vitest';
import { Backoff } from './backoff.js';
import { runStreamLoop } from './stream-loop.js';
import { withoutThrows } from './workload-api-logger.js';

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
    logger: withoutThrows({ info: log, warn: log, error: log }),
    signal: controller.signal,
  });
  expect(ended).toBeUndefined();
  expect(attempts).toBe(3);
  expect(onFailure).toHaveBeenCalledTimes(2);
  expect(onFailure).toHaveBeenCalledWith(expect.objectContaining({ code: status.DATA_LOSS, details: 'could not parse target' }));
  expect(log).toHaveBeenCalledTimes(1);
});
