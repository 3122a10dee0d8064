import { getEventListeners } from 'node:events';
import { beforeEach, expect, test, vi } from 'vitest';
import { type WaitForOptions, type WaitForSource, waitFor } from './wait-for.js';

let value: number;
let look: (() => void) | undefined;
let end: AbortController;
const stopped = vi.fn();
const refused: WaitForSource['failure'] = (code, message, options) => Object.assign(new Error(message, options), { code });

function wait(holds: () => boolean, options: WaitForOptions = {}): Promise<void> {
  const watch = (given: () => void) => {
    look = given;
    return stopped;
  };
  return waitFor({ name: 'the thing', holds, watch, end: end.signal, failure: refused }, options);
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
  expect(stopped).toHaveBeenCalledTimes(2);
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
  expect(stopped).toHaveBeenCalledOnce();
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
  expect(stopped).toHaveBeenCalledOnce();
});

test('a predicate that throws nothing at all ends the waiting too', async () => {
  const throwsNothing = (): boolean => {
    throw undefined;
  };
  await expect(wait(throwsNothing)).rejects.toThrow('the predicate threw nothing');
});

test('one who gives up leaves the others waiting', async () => {
  const looks = new Set<() => void>();
  const watch = (given: () => void) => {
    looks.add(given);
    return () => void looks.delete(given);
  };
  const source: WaitForSource = { name: 'the thing', holds: () => value === 1, watch, end: end.signal, failure: refused };
  const controller = new AbortController();
  const [first, second] = [waitFor(source, { signal: controller.signal }), waitFor(source, {})];
  controller.abort(new Error('mine'));
  await expect(first).rejects.toMatchObject({ code: 'aborted', cause: { message: 'mine' } });
  expect(looks.size).toBe(1);
  value = 1;
  for (const given of looks) given();
  await second;
  expect(looks.size).toBe(0);
});

test('leaves no timer behind when it came true', async () => {
  vi.useFakeTimers();
  try {
    const waiting = wait(() => value === 1, { timeoutMs: 60_000 });
    expect(vi.getTimerCount()).toBe(1);
    set(1);
    await waiting;
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
