import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseWord, reported, type WordBundle, words } from '../test-support/word-bundle.js';
import { BundleSweep } from './bundle-sweep.js';

const changed = vi.fn();
let sweep: BundleSweep<WordBundle>;

beforeEach(() => {
  changed.mockClear();
  parseWord.mockReset();
  reported.length = 0;
  sweep = new BundleSweep();
});

afterEach(() => sweep.stop());

function many(count: number, word = 'abc'): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`td${i}`, word]));
}

test.each([
  ['a first map', undefined, { a: 'abc' }, 1],
  ['a first map that is empty', undefined, {}, 1],
  ['the same bytes', { a: 'abc' }, { a: 'abc' }, 0],
  ['the same keys in another order', { a: 'abc' }, { a: 'cba' }, 0],
  ['another key', { a: 'abc' }, { a: 'abd' }, 1],
  ['several that changed', { a: 'abc', b: 'abc' }, { a: 'x', b: 'y' }, 1],
  ['one more', { a: 'abc' }, { a: 'abc', b: 'abc' }, 1],
  ['one more that cannot be read', { a: 'abc' }, { a: 'abc', b: 'bad' }, 0],
  ['one less', { a: 'abc', b: 'abc' }, { a: 'abc' }, 1],
  ['one less that could not be read', { a: 'abc', b: 'bad' }, { a: 'abc' }, 0],
  ['one that cannot be read any more', { a: 'abc' }, { a: 'bad' }, 1],
  ['one that can be read again', { a: 'bad' }, { a: 'abc' }, 1],
  ['none at all any more', { a: 'abc' }, undefined, 1],
])('%s', (_name, before, after, times) => {
  const earlier = before && words(before);
  sweep.run(undefined, earlier, () => {});
  sweep.run(earlier, after && words(after, earlier), changed);
  expect(changed).toHaveBeenCalledTimes(times);
});

test('what nobody asks for is read too, so that it is reported (TW-7)', async () => {
  const entries = words({ ...many(50), last: 'bad' });
  sweep.run(undefined, entries, changed);
  await vi.waitFor(() => expect(reported).toHaveLength(1), 15_000);
  expect(reported[0]).toContain('spiffe://last');
});

test('holds nobody up: ten thousand bundles are read in turns, and one that changed is read first', async () => {
  let now = 0;
  sweep = new BundleSweep(() => now);
  parseWord.mockImplementation((_trustDomain, raw) => {
    now += 1; // each takes a millisecond
    return { word: Buffer.from(raw).toString(), equals: (other) => other.word === Buffer.from(raw).toString() };
  });
  const longest = vi.fn();
  let turn = 0;
  const before = words(many(10_000));
  sweep.run(undefined, before, () => {});
  while (parseWord.mock.calls.length < 10_000) {
    longest(parseWord.mock.calls.length - turn);
    turn = parseWord.mock.calls.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(Math.max(...longest.mock.calls.flat())).toBeLessThanOrEqual(20);
  const calls = parseWord.mock.calls.length;
  sweep.run(before, words({ ...many(10_000), td9999: 'abd' }, before), changed);
  expect(changed).toHaveBeenCalledTimes(1);
  expect(parseWord.mock.calls.length - calls).toBe(1);
});

test('a change that was not found out yet is not lost when the next message comes', async () => {
  let now = 0;
  sweep = new BundleSweep(() => {
    now += 100; // one bundle per turn
    return now;
  });
  const first = words({ a: 'abc', b: 'abc', c: 'abc' });
  for (const entry of first.values()) void entry.bundle;
  sweep.run(undefined, first, () => {});
  const second = words({ a: 'cba', b: 'cba', c: 'abd' }, first);
  sweep.run(first, second, changed);
  expect(changed).not.toHaveBeenCalled();
  const third = words({ a: 'cba', b: 'cba', c: 'abd' }, second);
  expect(third.get('c')).toBe(second.get('c'));
  sweep.run(second, third, changed);
  await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1), 15_000);
});

/** One bundle per turn: the rest of a map waits. */
function slow(): BundleSweep<WordBundle> {
  let now = 0;
  sweep = new BundleSweep(() => {
    now += 100;
    return now;
  });
  return sweep;
}

async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe('a reader that is faster than the sweep', () => {
  test.each<[string, string | undefined, string, string | undefined, { fast: number; slow: number }]>([
    ['a key withdrawn, then the keys in another order', 'abc', 'abd', 'dba', { fast: 1, slow: 1 }],
    ['a key withdrawn, then the same bytes', 'abc', 'abd', 'abd', { fast: 1, slow: 1 }],
    ['a key withdrawn, then taken back', 'abc', 'abd', 'abc', { fast: 1, slow: 0 }],
    ['garbage, then other garbage', 'abc', 'bad', 'bad2', { fast: 1, slow: 1 }],
    ['garbage, then omitted', 'abc', 'bad', undefined, { fast: 1, slow: 1 }],
    ['garbage, then what it was', 'abc', 'bad', 'abc', { fast: 1, slow: 0 }],
    ['trusted for a moment, then garbage again', 'bad', 'abc', 'bad2', { fast: 1, slow: 0 }],
    ['added, then garbage', undefined, 'abc', 'bad', { fast: 1, slow: 0 }],
    ['added, then omitted', undefined, 'abc', undefined, { fast: 1, slow: 1 }],
    ['the keys in another order, twice', 'abc', 'cba', 'bca', { fast: 0, slow: 0 }],
    ['garbage, as before, twice', 'bad', 'bad2', 'bad3', { fast: 0, slow: 0 }],
  ])('%s', async (_name, one, two, three, times) => {
    for (const pace of ['fast', 'slow'] as const) {
      changed.mockClear();
      const known = words({ a: 'abc', b: 'abc', ...(one === undefined ? {} : { c: one }) });
      for (const entry of known.values()) void entry.bundle;
      slow().run(undefined, known, () => {});
      await turns();
      const second = words({ a: 'cba', b: 'cba', c: two }, known);
      sweep.run(known, second, changed);
      if (pace === 'fast') void second.get('c')?.bundle;
      expect(changed).not.toHaveBeenCalled();
      const third = words({ a: 'bca', b: 'bca', ...(three === undefined ? {} : { c: three }) }, second);
      sweep.run(second, third, changed);
      await turns();
      expect([pace, changed.mock.calls.length]).toEqual([pace, times[pace]]);
      sweep.stop();
    }
  });

  test('what was told is not told again, whoever reads it afterwards', async () => {
    const known = words({ a: 'abc', b: 'abc', c: 'abc' });
    for (const entry of known.values()) void entry.bundle;
    slow().run(undefined, known, () => {});
    await turns();
    const second = words({ a: 'abd', b: 'abd', c: 'abd' }, known);
    sweep.run(known, second, changed);
    expect(changed).toHaveBeenCalledTimes(1);
    void second.get('c')?.bundle;
    sweep.run(second, words({ a: 'abd', b: 'abd', c: 'dba' }, second), changed);
    await turns();
    expect(changed).toHaveBeenCalledTimes(1);
  });
});

describe('the order', () => {
  function readOrder(): string[] {
    return parseWord.mock.calls.map(([{ name }]) => name);
  }

  test('what was read with the message, then what readers asked for, then the rest', async () => {
    const before = words({ a: 'abc', b: 'abc', met: 'abc', own: 'abc' });
    slow().run(undefined, before, () => {});
    await turns();
    void before.get('met')?.bundle;
    const after = words({ a: 'cba', b: 'cba', met: 'cba', own: 'abd' }, before);
    void after.get('own')?.bundle;
    parseWord.mockClear();
    sweep.run(before, after, changed);
    // Told in the first slice, which had time for one.
    expect([changed.mock.calls.length, readOrder()]).toEqual([1, []]);
    await turns();
    expect(readOrder()).toEqual(['met', 'a', 'b']);
  });

  test('what the last sweep did not get to comes first: no message starves the end of the list', async () => {
    slow();
    let before: ReturnType<typeof words> | undefined;
    for (const word of ['abc', 'bca', 'cab', 'acb']) {
      const after = words({ a: word, b: word, c: word, d: word }, before);
      sweep.run(before, after, () => {});
      before = after;
    }
    expect(readOrder()).toEqual(['a', 'b', 'c', 'd']);
  });
});

test('whoever is told may end it', async () => {
  sweep.run(undefined, words(many(100)), () => sweep.stop());
  await new Promise((resolve) => setImmediate(resolve));
  expect(parseWord).not.toHaveBeenCalled();
});
