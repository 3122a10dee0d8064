import { status } from '@grpc/grpc-js';
import { afterEach, expect, test, vi } from 'vitest';
import type { WorkloadApiClient } from '../calls/workload-api-channel.js';
import { SILENT_LOGGER } from '../test-support/silent-logger.js';
import { fetchJwtSvid } from './fetch-jwt-svid.js';

const TIMEOUT_MS = 10_000;

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  ['goes on', 0],
  ['went back', -400 * 24 * 60 * 60 * 1000],
  ['went forward', 3 * 24 * 60 * 60 * 1000],
])('all attempts together have one deadline, also where the clock %s in between (TX-7)', async (_name, jumpMs) => {
  const { now } = Date;
  let jumped = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + jumped);
  const leftMs: number[] = [];
  const failures = [status.UNAVAILABLE, status.PERMISSION_DENIED];
  const client = {
    close: () => {},
    fetchJWTSVID: (...args: [unknown, unknown, { deadline: number }, (error: unknown) => void]) => {
      const [, , { deadline }, callback] = args;
      leftMs.push(deadline - Date.now());
      const code = failures.shift();
      setImmediate(() => {
        jumped = jumpMs;
        callback(Object.assign(new Error('scripted'), { code, details: 'scripted' }));
      });
      return { cancel: () => {} };
    },
  } as unknown as WorkloadApiClient;
  const fetched = fetchJwtSvid(
    { audience: ['me'], subject: undefined, wish: undefined },
    {
      openClient: () => client,
      clock: Date.now,
      timeoutMs: TIMEOUT_MS,
      signal: new AbortController().signal,
      logger: SILENT_LOGGER,
    },
  );
  await expect(fetched).rejects.toMatchObject({ code: 'jwt_svid_unavailable', cause: { code: status.PERMISSION_DENIED } });
  const [first = 0, second = 0] = leftMs;
  expect(leftMs).toHaveLength(2);
  expect([first > 0, second > 0, second < first, first <= TIMEOUT_MS]).toEqual([true, true, true, true]);
});
