import { getEventListeners } from 'node:events';
import { beforeEach, expect, test, vi } from 'vitest';
import { type WaitForOptions, waitFor } from './wait-for.js';

let value: number;
let look: (() => void) | undefined;
let end: AbortController;
const stopped = vi.fn();

function wait(holds: () => boolean, options: WaitForOptions = {}): Promise<void> {
  const watch = (given: () => void) => {
    look = given;
    return [stopped, stopped];
  };
  return waitFor({ holds, watch, end: end.signal }, options);
}

function set(next: number): void {
  value = next;
  look?.();
}

beforeEach(() => {
  value = 0;
  end = new AbortController();
  stopped.mockClear();
});

test('resolves at once when it is so already, or else after the change that makes it so', async () => {
  await wait(() => value === 0);
  const waiting = wait(() => value === 2);
  set(1);
  set(2);
  await waiting;
  expect(stopped).toHaveBeenCalledTimes(4);
});

test.each<[string, (controller: AbortController) => void, string]>([
  ['aborted', (controller) => controller.abort(), 'aborted'],
  ['ended', () => end.abort(), 'closed'],
  ['late', () => {}, 'timeout'],
])('%s: rejects, and leaves no listener', async (_name, act, code) => {
  const controller = new AbortController();
  const waiting = wait(() => false, { signal: controller.signal, timeoutMs: code === 'timeout' ? 5 : 60_000 });
  const rejected = expect(waiting).rejects.toMatchObject({ code });
  act(controller);
  await rejected;
  expect(stopped).toHaveBeenCalledTimes(2);
  for (const { signal } of [controller, end]) expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('an aborted signal, an end that was before, and a time that is none are refused at once', async () => {
  await expect(wait(() => true, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
  await expect(wait(() => true, { timeoutMs: Number.POSITIVE_INFINITY })).rejects.toMatchObject({ code: 'option_invalid' });
  end.abort();
  await expect(wait(() => true)).rejects.toMatchObject({ code: 'closed' });
});

test('a predicate that throws ends the waiting', async () => {
  const waiting = wait(() => {
    if (value === 1) throw new RangeError('mine');
    return false;
  });
  const rejected = expect(waiting).rejects.toThrow('mine');
  set(1);
  await rejected;
  expect(stopped).toHaveBeenCalledTimes(2);
});
