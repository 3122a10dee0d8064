import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Resource } from '../catalogue/resources.js';
import {
  createResourceDescriber,
  type Describe,
  type DescribedFacts,
  type DescribeLimits,
  type ResourceProperties,
} from './describe.js';

const record: Resource = { type: 'record', id: 'a', describedBy: 'a', properties: { name: 'said' } };
const failed = (reason: string) => expect.objectContaining({ code: 'describe_failed', reasons: [reason] });
const never = (): Promise<undefined> => new Promise(() => undefined);

/** A describer whose every question is that of another call. */
function describerOf(describe: Describe, limits: DescribeLimits): (resource: Resource) => Resource | Promise<Resource> {
  const describer = createResourceDescriber(describe, limits);
  return (resource) => describer(resource, new Map());
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test('adds facts; what the message said wins', async () => {
  const facts = { name: 'described', version: '1' };
  const expected = { ...record, properties: { name: 'said', version: '1' } };
  expect(describerOf(() => facts, {})(record)).toEqual(expected);
  await expect(describerOf(async () => facts, {})(record)).resolves.toEqual(expected);
});

test('is asked by id, and only about what can be described', () => {
  const describe = vi.fn<Describe>(() => undefined);
  const describer = describerOf(describe, {});
  const { describedBy: _, ...plain } = record;
  expect(describer(plain)).toBe(plain);
  expect(describe).not.toHaveBeenCalled();
  expect(describer({ ...record, id: 'b', describedBy: 'c' })).toMatchObject({ id: 'b' });
  expect(describe).toHaveBeenCalledExactlyOnceWith({ type: 'record', id: 'c' });
});

test('an unknown record stays as it is', async () => {
  expect(describerOf(() => undefined, {})(record)).toBe(record);
  await expect(describerOf(async () => undefined, {})(record)).resolves.toBe(record);
});

test('a throw and a rejection are failures that say nothing of the error', async () => {
  const thrower = describerOf(() => {
    throw new Error('canary');
  }, {});
  expect(() => thrower(record)).toThrow(failed('describe_threw'));
  await expect(describerOf(() => Promise.reject(new Error('canary')), {})(record)).rejects.toEqual(failed('describe_threw'));
});

class Row {
  get restricted(): boolean {
    return true; // no member of the object's own: a policy would not be told
  }
}

const cyclic = {};

test.each([
  ['null', null],
  ['text', 'text'],
  ['a number', 7],
  ['a flag', true],
  ['a list', ['a']],
  ['a Map', new Map([['restricted', true]])],
  ['an error that is returned', new Error('no connection')],
  ['an object with getters of its class', new Row()],
  ['what JSON has no words for', { size: 1n }],
  ['what holds itself', Object.assign(cyclic, { cyclic })],
  ['what turns into something else', { toJSON: () => 'text' }],
  ['what turns into nothing', { toJSON: () => undefined }],
])('the odd answer %s is a failure, at once and later', async (_name, answer) => {
  const odd = answer as unknown as undefined;
  expect(() => describerOf(() => odd, {})(record)).toThrow(failed('describe_answer_odd'));
  await expect(describerOf(async () => odd, {})(record)).rejects.toEqual(failed('describe_answer_odd'));
});

test('facts cannot smuggle a prototype in', () => {
  const facts = JSON.parse('{"__proto__": {"admin": true}, "version": "1"}') as Record<string, unknown>;
  const described = describerOf(() => facts, {})(record) as Resource;
  expect(described.properties['admin']).toBeUndefined();
  expect(Object.getPrototypeOf(described.properties)).toBe(Object.prototype);
  expect(described.properties['version']).toBe('1');
});

test('an answer that does not come is waited for as long as allowed, not longer', async () => {
  const set = vi.spyOn(globalThis, 'setTimeout');
  const answer = Promise.resolve(describerOf(never, { timeoutMs: 100 })(record));
  expect(set).toHaveBeenCalledOnce(); // and it is over below: none is left
  const settled = vi.fn();
  answer.catch(settled);
  await vi.advanceTimersByTimeAsync(99);
  expect(settled).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  await expect(answer).rejects.toEqual(failed('describe_timed_out'));
});

test('an answer that comes leaves no timer behind', async () => {
  for (const describe of [async () => ({}), () => Promise.reject(new Error('canary'))]) {
    const set = vi.spyOn(globalThis, 'setTimeout');
    const cleared = vi.spyOn(globalThis, 'clearTimeout');
    const answer = Promise.resolve(describerOf(describe, { timeoutMs: 100 })(record));
    const timer = set.mock.results[0]?.value; // ours: nothing else has had its turn
    await Promise.allSettled([answer]);
    await vi.advanceTimersByTimeAsync(0);
    expect(timer).toBeDefined();
    expect(cleared).toHaveBeenCalledWith(timer);
    vi.restoreAllMocks();
  }
});

test('a late rejection after the deadline is nobody’s', async () => {
  let reject = (_error: Error): void => undefined;
  const late = new Promise<undefined>((_resolve, no) => {
    reject = no;
  });
  const answer = Promise.resolve(describerOf(() => late, { timeoutMs: 1 })(record));
  const refused = expect(answer).rejects.toEqual(failed('describe_timed_out'));
  await vi.advanceTimersByTimeAsync(1);
  await refused;
  reject(new Error('late'));
  await vi.advanceTimersByTimeAsync(1); // an unhandled rejection would fail the run
});

test('not more than so many are waited for; a place is free again after an answer', async () => {
  const describer = describerOf(({ id }) => (id === 'slow' ? never() : Promise.resolve({})), {
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

describe('what a call remembers', () => {
  const of = (id: string): Resource => ({ type: 'record', id, describedBy: id, properties: {} });
  const asked = (describer: ReturnType<typeof vi.fn<Describe>>) => describer.mock.calls.map(([{ id }]) => id);
  const answers: readonly [string, (facts: ResourceProperties) => ReturnType<Describe>][] = [
    ['at once', (facts) => facts],
    ['with a promise', async (facts) => facts],
  ];

  test.each(answers)('an answer %s, for this call alone', async (_name, answer) => {
    const service = vi.fn<Describe>(({ id }) => answer({ name: id }));
    const describer = createResourceDescriber(service, {});
    const call: DescribedFacts = new Map();
    const expected = { ...of('a'), properties: { name: 'a' } };
    expect(await describer(of('a'), call)).toEqual(expected);
    expect(await describer(of('a'), call)).toEqual(expected);
    expect(describer(of('a'), call)).toEqual(expected); // no wait any more
    expect(asked(service)).toEqual(['a']);
    await describer(of('a'), new Map());
    await describer(of('b'), call);
    expect(asked(service)).toEqual(['a', 'a', 'b']);
  });

  test.each(answers)('an answer %s, as it was when it came', async (_name, answer) => {
    const facts = { labels: ['public'] };
    const describer = createResourceDescriber(() => answer(facts), {});
    const call: DescribedFacts = new Map();
    await describer(of('a'), call);
    facts.labels.push('secret'); // the service goes on with its object
    expect(await describer(of('a'), call)).toMatchObject({ properties: { labels: ['public'] } });
    expect(await describer(of('b'), call)).toMatchObject({ properties: { labels: ['public', 'secret'] } });
    expect(Object.isFrozen(facts)).toBe(false);
  });

  test('a question that is waited for is not asked again', async () => {
    let settle = (_facts: ResourceProperties): void => undefined;
    const service = vi.fn<Describe>(() => new Promise((resolve) => (settle = resolve)));
    const describer = createResourceDescriber(service, { maxInFlight: 1 });
    const call: DescribedFacts = new Map();
    const both = Promise.all([describer(of('a'), call), describer({ ...of('a'), properties: { own: 'kept' } }, call)]);
    settle({ name: 'n' });
    expect((await both).map(({ properties }) => properties)).toEqual([{ name: 'n' }, { name: 'n', own: 'kept' }]);
    expect(asked(service)).toEqual(['a']);
  });

  test.each<[string, Describe]>([
    ['a rejection', () => Promise.reject(new Error('canary'))],
    [
      'a throw',
      () => {
        throw new Error('canary');
      },
    ],
    ['an odd answer', () => 'odd' as unknown as undefined],
    ['a late odd answer', async () => 'odd' as unknown as undefined],
    ['an answer that is unknown', () => undefined],
    ['a late answer that is unknown', async () => undefined],
  ])('not %s', async (_name, first) => {
    const service = vi.fn<Describe>(() => ({ name: 'n' })).mockImplementationOnce(first);
    const describer = createResourceDescriber(service, {});
    const call: DescribedFacts = new Map();
    await Promise.resolve()
      .then(() => describer(of('a'), call))
      .catch(() => undefined);
    expect(call.size).toBe(0);
    expect(await describer(of('a'), call)).toMatchObject({ properties: { name: 'n' } });
    expect(asked(service)).toEqual(['a', 'a']);
  });

  test('not an answer that came too late', async () => {
    const service = vi.fn<Describe>(() => ({ name: 'n' })).mockImplementationOnce(never);
    const describer = createResourceDescriber(service, { timeoutMs: 10 });
    const call: DescribedFacts = new Map();
    const refused = expect(describer(of('a'), call)).rejects.toEqual(failed('describe_timed_out'));
    await vi.advanceTimersByTimeAsync(10);
    await refused;
    expect(await describer(of('a'), call)).toMatchObject({ properties: { name: 'n' } });
  });

  test('256 of them; then the oldest is asked for anew', async () => {
    const service = vi.fn<Describe>(({ id }) => ({ name: id }));
    const describer = createResourceDescriber(service, {});
    const call: DescribedFacts = new Map();
    for (let index = 0; index < 257; index++) await describer(of(`${index}`), call);
    expect(call.size).toBe(256);
    service.mockClear();
    await describer(of('256'), call);
    await describer(of('1'), call);
    expect(asked(service)).toEqual([]);
    await describer(of('0'), call);
    expect(asked(service)).toEqual(['0']);
  });

  test('not what answers a question that was forgotten meanwhile and asked anew', async () => {
    for (const late of [{ name: 'late' }, undefined]) {
      let settle = (_facts: ResourceProperties | undefined): void => undefined;
      const service = vi
        .fn<Describe>(({ id }) => ({ name: id }))
        .mockImplementationOnce(() => new Promise((resolve) => (settle = resolve)));
      const describer = createResourceDescriber(service, {});
      const call: DescribedFacts = new Map();
      const first = describer(of('a'), call);
      for (let index = 0; index < 256; index++) await describer(of(`${index}`), call);
      expect(describer(of('a'), call)).toMatchObject({ properties: { name: 'a' } });
      settle(late);
      await first;
      expect(call.get('a')).toEqual({ name: 'a' });
    }
  });
});
