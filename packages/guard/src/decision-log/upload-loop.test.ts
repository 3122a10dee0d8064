import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { UploadOutcome } from './log-service.js';
import { UploadLoop } from './upload-loop.js';

const limits = { maxBatchBytes: 1000, maxWaitingBytes: 100_000, minDelayMs: 1000, maxDelayMs: 3000 };
const pack = async (lines: readonly string[], _maxBytes?: number, _ratio?: number) => ({
  body: Buffer.from(lines.join()),
  count: lines.length,
  ratio: 1,
});
let outcomes: UploadOutcome[];
let posts: { readonly at: number; readonly body: string }[];
let loop: UploadLoop;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  outcomes = [];
  posts = [];
  const post = async (body: Buffer): Promise<UploadOutcome> => {
    posts.push({ at: Date.now(), body: body.toString() });
    return outcomes.shift() ?? { kind: 'accepted' };
  };
  loop = new UploadLoop(limits, pack, post, () => 0.5);
});
afterEach(() => vi.useRealTimers());

test('waits for a time between the two delays, counted from the first line', async () => {
  loop.accept(['a']);
  await vi.advanceTimersByTimeAsync(1500);
  loop.accept(['b']);
  await vi.advanceTimersByTimeAsync(499);
  expect(posts).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(posts).toEqual([{ at: 2000, body: 'a,b' }]);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(posts).toHaveLength(1);
});

test('does not wait once there is enough for a batch', async () => {
  loop.accept(['x'.repeat(3999)]);
  await vi.advanceTimersByTimeAsync(0);
  expect(posts).toHaveLength(0);
  loop.accept(['y']);
  await vi.advanceTimersByTimeAsync(0);
  expect(posts).toHaveLength(1);
});

test('waits longer after each failure, up to the longest delay, full batch or not; and no longer after a success', async () => {
  for (let count = 0; count < 10; count += 1) outcomes.push({ kind: 'failed', reason: 'HTTP 503' });
  loop.accept(['x'.repeat(4000)]);
  for (let round = 0; round < 200; round += 1) {
    await vi.advanceTimersByTimeAsync(100);
    if (round % 10 === 0 && posts.length < 11) loop.accept(['y']);
  }
  const waits = posts.slice(1).map(({ at }, index) => at - (posts[index]?.at ?? 0));
  expect(waits).toEqual([100, 160, 256, 409, 655, 1048, 1677, 2684, 3000, 3000]);
  expect(loop).toMatchObject({ failures: 10, dropped: 0, lastFailure: 'HTTP 503' });
  const before = posts.length;
  loop.accept(['z']);
  await vi.advanceTimersByTimeAsync(2000);
  expect(posts.slice(before)).toEqual([{ at: expect.any(Number), body: 'z' }]);
});

test('a batch that cannot be packed is tried again later, with less in it', async () => {
  const asked: number[] = [];
  const failing: typeof pack = async (lines, _maxBytes = 0, ratio = 0) => {
    asked.push(ratio);
    if (asked.length === 1) throw new RangeError('Invalid string length');
    return pack(lines);
  };
  const other = new UploadLoop(
    limits,
    failing,
    async () => ({ kind: 'accepted' }),
    () => 0.5,
  );
  other.accept(['a']);
  await other.flush();
  expect(other).toMatchObject({ uploaded: 0, dropped: 0, failures: 1, lastFailure: 'pack_failed' });
  await vi.advanceTimersByTimeAsync(100);
  expect(other).toMatchObject({ uploaded: 1, dropped: 0, failures: 1 });
  expect(asked).toEqual([4, 1]);
});

test('a service that fails is not hammered, however short the delays are', async () => {
  const post = async (): Promise<UploadOutcome> => {
    posts.push({ at: Date.now(), body: '' });
    return { kind: 'failed', reason: 'ECONNREFUSED' };
  };
  loop = new UploadLoop({ ...limits, minDelayMs: 0, maxDelayMs: 0 }, pack, post, () => 0.5);
  loop.accept(['a']);
  await vi.advanceTimersByTimeAsync(350);
  expect(posts.map(({ at }) => at)).toEqual([0, 100, 200, 300]);
});
