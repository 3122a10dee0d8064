import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parseWord, WordBundle, words } from '../test-support/word-bundle.js';
import type { BundleEntries } from './bundle-map.js';
import { BundleSweep } from './bundle-sweep.js';

const NAMES = ['a', 'b', 'c'];
/** Two and two say the same in another order, and one is no bundle. */
const WORDS = ['xy', 'yx', 'xz', 'zx', 'bad'];
const STEPS = 40;
const RUNS = 300;

/** A small seeded generator of numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setImmediate', 'clearImmediate'] });
});
afterEach(() => {
  parseWord.mockReset();
  vi.useRealTimers();
});

/** Changes maps at random, reads some of their bundles, and lets the sweep come along at times; answers how often it told. */
function run(seed: number): number {
  const random = mulberry32(seed);
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)] as Value;
  let now = 0;
  parseWord.mockImplementation((_of, raw) => {
    now += 11; // each of them is a slice
    const word = Buffer.from(raw).toString();
    if (word.startsWith('bad')) throw new Error('not a word');
    return new WordBundle(word);
  });
  const sweep = new BundleSweep<WordBundle>(() => now);
  let current: BundleEntries<WordBundle> | undefined;
  const bundleOf = (name: string): WordBundle | undefined => current?.get(name)?.bundle;
  // What rests on a bundle, as a connection does: it looks again when it is told, and at no other time.
  let holds: { readonly name: string; readonly bundle: WordBundle | undefined }[] = [];
  let told = 0;
  const changed = (): void => {
    told += 1;
    holds = holds.map(({ name }) => ({ name, bundle: bundleOf(name) }));
  };
  const steps: readonly (() => void)[] = [
    () => {
      const before = current;
      // Mostly as they are: whatever else changes tells all, and would hide that something was not told.
      const kept = [...(before ?? [])]
        .filter(() => random() < 0.95)
        .map(([name, { raw }]) => [name, Buffer.from(raw).toString()]);
      const changes = NAMES.filter(() => random() < 0.25).map((name) => [name, pick(WORDS)]);
      current = random() < 0.02 ? undefined : words(Object.fromEntries([...kept, ...changes]), before);
      sweep.run(before, current, changed);
    },
    () => {
      const name = pick(NAMES);
      holds.push({ name, bundle: bundleOf(name) });
    },
    () => void vi.runOnlyPendingTimers(),
  ];
  for (let step = 0; step < STEPS; step++) pick(steps)();
  vi.runAllTimers();
  for (const { name, bundle } of holds) expect(bundle, `seed ${seed}, ${name}`).toBe(bundleOf(name));
  sweep.stop();
  return told;
}

test('whoever holds a bundle is told when there is another in its place, however maps, readers and turns come about', () => {
  let told = 0;
  for (let seed = 1; seed <= RUNS; seed++) told += run(seed);
  expect(told).toBeGreaterThan(RUNS);
});
