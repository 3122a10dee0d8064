import { generateKeyPairSync } from 'node:crypto';
import { parseSpiffeId, type X509Svid } from '@dirgate/spiffe';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ExpiryWatch } from './expiry-watch.js';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const START = Date.UTC(2026, 5, 1);
const DAY = 24 * 60 * 60 * 1000;

let now: number;
let watch: ExpiryWatch;
const onExpired = vi.fn();

function svid(leaf: string, validUntil: number): X509Svid {
  return {
    id: parseSpiffeId('spiffe://a.example/x'),
    chain: [Buffer.from(leaf)],
    privateKey,
    validFrom: 0,
    validUntil,
    hint: '',
  };
}

/** Time passes for timers and clock alike. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left--) {
    now += 1;
    await vi.advanceTimersByTimeAsync(1);
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  now = START;
  onExpired.mockClear();
  watch = new ExpiryWatch(() => now, onExpired);
});

afterEach(() => {
  watch.watch(undefined);
  vi.useRealTimers();
});

test('holds up to its last instant, and tells within the next millisecond', async () => {
  watch.watch(svid('a', START + 1700));
  await pass(1700);
  expect([watch.holds, watch.isExpired, onExpired.mock.calls.length]).toEqual([true, false, 0]);
  await pass(1);
  expect(onExpired).toHaveBeenCalledTimes(1);
  expect([watch.holds, watch.isExpired]).toEqual([false, true]);
  await pass(2000);
  expect(onExpired).toHaveBeenCalledTimes(1);
});

test('one that is replaced in time never expires', async () => {
  watch.watch(svid('a', START + 1000));
  await pass(900);
  watch.watch(svid('b', START + 2000));
  await pass(500);
  expect([watch.holds, onExpired.mock.calls.length]).toEqual([true, 0]);
  await pass(700);
  expect(onExpired).toHaveBeenCalledTimes(1);
});

test('nothing is watched any more after the last one was taken away', async () => {
  const others = vi.getTimerCount(); // of what another file left behind in this process
  watch.watch(svid('a', START + 100));
  watch.watch(undefined);
  await pass(1000);
  expect([onExpired.mock.calls.length, watch.isExpired, vi.getTimerCount()]).toEqual([0, false, others]);
});

describe('a clock that jumps (TX-7)', () => {
  test('forward: a reader sees it at once, and is never called from within', async () => {
    watch.watch(svid('a', START + DAY));
    now += 3 * DAY;
    expect(watch.holds).toBe(false);
    expect(onExpired).not.toHaveBeenCalled();
    await Promise.resolve();
    expect(onExpired).toHaveBeenCalledTimes(1);
  });

  test('forward: without a reader it is told within half a second', async () => {
    watch.watch(svid('a', START + DAY));
    now += 3 * DAY;
    await vi.advanceTimersByTimeAsync(500);
    expect(onExpired).toHaveBeenCalledTimes(1);
  });

  test('and back: what was seen expired stays so, also when the same SVID is delivered anew', async () => {
    const first = svid('a', START + 1000);
    watch.watch(first);
    now += DAY;
    await vi.advanceTimersByTimeAsync(500);
    now -= 400 * DAY;
    expect(watch.holds).toBe(false);
    watch.watch(svid('a', START + 1000));
    expect([watch.holds, watch.isExpired]).toEqual([false, true]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(watch.holds).toBe(false);
    expect(watch.isValid(first)).toBe(false);
    watch.watch(svid('b', START + 1000));
    expect(watch.holds).toBe(true);
  });

  test('backward only: it goes on to the very time that it names', async () => {
    watch.watch(svid('a', START + 1000));
    now -= 2000;
    await pass(3000);
    expect(watch.holds).toBe(true);
    await pass(1);
    expect(onExpired).toHaveBeenCalledTimes(1);
  });

  test('a clock that is broken proves nothing', () => {
    watch.watch(svid('a', START + 1000));
    expect(watch.holds).toBe(true);
    now = Number.NaN;
    expect(watch.holds).toBe(false);
  });
});

test('the same leaf in another chain is the same SVID', () => {
  const first = svid('a', START + 10);
  const rechained = { ...svid('a', START + 2 * DAY), chain: [Buffer.from('a'), Buffer.from('an intermediate')] };
  expect(watch.isValid(rechained)).toBe(true);
  now += 11;
  expect(watch.isValid(first)).toBe(false);
  expect(watch.isValid(rechained)).toBe(false);
  watch.watch(rechained);
  expect(watch.isExpired).toBe(true);
});

test('others are judged alike', () => {
  const other = svid('b', START + 10);
  expect(watch.isValid(other)).toBe(true);
  now += 11;
  expect(watch.isValid(other)).toBe(false);
  now -= 11;
  expect(watch.isValid(other)).toBe(false);
});
