import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readBundleServer } from './bundle-server.js';
import { ServerPart } from './server-part.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const server = readBundleServer({ url: 'https://bundles.example/x', minDelayMs: 1_000, maxDelayMs: 2_000 });

function watched(random: number) {
  const look = vi.fn<() => void>();
  const part = new ServerPart(
    server,
    async () => undefined,
    () => random,
  );
  part.watch(look);
  /** That it is asked after this time, and not before. */
  const expectAfter = (delayMs: number): void => {
    look.mockClear();
    vi.advanceTimersByTime(delayMs - 1);
    expect(look).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(look).toHaveBeenCalledOnce();
  };
  return { part, look, expectAfter };
}

describe('a server of bundles is asked', () => {
  it.each([
    [0, 1_000],
    [0.5, 1_500],
    [1, 2_000],
  ])('after a time between the two delays: %d', (random, delayMs) => {
    const { part, expectAfter } = watched(random);
    expectAfter(delayMs);
    part.checked(true);
    expectAfter(delayMs);
  });

  it('soon after a failure, then later and later, and as before once it works', () => {
    const { part, expectAfter } = watched(1);
    for (const delayMs of [100, 160, 256]) {
      part.checked(false);
      expectAfter(delayMs);
    }
    for (let failure = 0; failure < 10; failure += 1) part.checked(false);
    expectAfter(2_000);
    part.checked(true);
    expectAfter(2_000);
    part.checked(false);
    expectAfter(100);
  });

  it('no more once it is closed', () => {
    const { part, look } = watched(0);
    part.close();
    part.checked(false);
    vi.advanceTimersByTime(10_000);
    expect(look).not.toHaveBeenCalled();
  });
});
