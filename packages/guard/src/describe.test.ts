import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createResourceDescriber, type Describe } from './describe.js';
import type { Resource } from './resources.js';

const record: Resource = { type: 'record', id: 'a', describedBy: 'a', properties: { name: 'said' } };
const failed = (reason: string) => expect.objectContaining({ code: 'describe_failed', reasons: [reason] });
const never = (): Promise<undefined> => new Promise(() => undefined);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('adds facts; what the message said wins', async () => {
  const facts = { name: 'described', version: '1' };
  const expected = { ...record, properties: { name: 'said', version: '1' } };
  expect(createResourceDescriber(() => facts, {})(record)).toEqual(expected);
  await expect(createResourceDescriber(async () => facts, {})(record)).resolves.toEqual(expected);
});

test('is asked by id, and only about what can be described', () => {
  const describe = vi.fn<Describe>(() => undefined);
  const describer = createResourceDescriber(describe, {});
  const { describedBy: _, ...plain } = record;
  expect(describer(plain)).toBe(plain);
  expect(describe).not.toHaveBeenCalled();
  expect(describer({ ...record, id: 'b', describedBy: 'c' })).toMatchObject({ id: 'b' });
  expect(describe).toHaveBeenCalledExactlyOnceWith({ type: 'record', id: 'c' });
});

test('an unknown record stays as it is', async () => {
  expect(createResourceDescriber(() => undefined, {})(record)).toBe(record);
  await expect(createResourceDescriber(async () => undefined, {})(record)).resolves.toBe(record);
});

test('a throw and a rejection are failures that say nothing of the error', async () => {
  const thrower = createResourceDescriber(() => {
    throw new Error('canary');
  }, {});
  expect(() => thrower(record)).toThrow(failed('describe_threw'));
  await expect(createResourceDescriber(() => Promise.reject(new Error('canary')), {})(record)).rejects.toEqual(
    failed('describe_threw'),
  );
});

test.each([null, 'text', 7, true, ['a']])('the odd answer %j is a failure, at once and later', async (answer) => {
  const odd = answer as unknown as undefined;
  expect(() => createResourceDescriber(() => odd, {})(record)).toThrow(failed('describe_answer_odd'));
  await expect(createResourceDescriber(async () => odd, {})(record)).rejects.toEqual(failed('describe_answer_odd'));
});

test('facts cannot smuggle a prototype in', () => {
  const facts = JSON.parse('{"__proto__": {"admin": true}, "version": "1"}') as Record<string, unknown>;
  const described = createResourceDescriber(() => facts, {})(record) as Resource;
  expect(described.properties['admin']).toBeUndefined();
  expect(Object.getPrototypeOf(described.properties)).toBe(Object.prototype);
  expect(described.properties['version']).toBe('1');
});

test('an answer that does not come is waited for as long as allowed, not longer', async () => {
  const answer = Promise.resolve(createResourceDescriber(never, { timeoutMs: 100 })(record));
  const settled = vi.fn();
  answer.catch(settled);
  await vi.advanceTimersByTimeAsync(99);
  expect(settled).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  await expect(answer).rejects.toEqual(failed('describe_timed_out'));
  expect(vi.getTimerCount()).toBe(0);
});

test('a late rejection after the deadline is nobody’s', async () => {
  let reject = (_error: Error): void => undefined;
  const late = new Promise<undefined>((_resolve, no) => {
    reject = no;
  });
  const answer = Promise.resolve(createResourceDescriber(() => late, { timeoutMs: 1 })(record));
  const refused = expect(answer).rejects.toEqual(failed('describe_timed_out'));
  await vi.advanceTimersByTimeAsync(1);
  await refused;
  reject(new Error('late'));
  await vi.advanceTimersByTimeAsync(1); // an unhandled rejection would fail the run
});

test('not more than so many are waited for; a place is free again after an answer', async () => {
  const describer = createResourceDescriber(({ id }) => (id === 'slow' ? never() : Promise.resolve({})), {
    maxInFlight: 2,
    timeoutMs: 50,
  });
  const slow = { ...record, describedBy: 'slow' };
  const waiting = Promise.allSettled([describer(slow), describer(slow)]);
  expect(() => describer(record)).toThrow(failed('describe_overloaded'));
  await vi.advanceTimersByTimeAsync(50);
  await waiting;
  await expect(describer(record)).resolves.toMatchObject({ id: 'a' });
  await expect(describer(record)).resolves.toMatchObject({ id: 'a' });
});
