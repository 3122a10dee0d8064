import { beforeEach, describe, expect, test } from 'vitest';
import { parseWord, reported, type WordBundle, wordReader } from '../test-support/word-bundle.js';
import type { BundleEntries } from './bundle-map.js';
import { readBundleMap } from './bundle-map.js';
import { SentBundle } from './sent-bundle.js';
import { Turns } from './turns.js';

function read(
  content: readonly (readonly [string, string])[],
  previous: BundleEntries<WordBundle> = new Map(),
  turns = new Turns(),
) {
  return readBundleMap(
    content.map(([key, word]) => fieldOf(key, Buffer.from(word))),
    previous,
    wordReader,
    turns,
  );
}

function fieldOf(key: string, bundle: Buffer): SentBundle {
  const before = Buffer.from(key);
  const message = Buffer.concat([before, bundle]);
  return new SentBundle(message, { start: 0, end: before.length }, { start: before.length, end: message.length });
}

beforeEach(() => {
  parseWord.mockClear();
  reported.length = 0;
});

test('nothing is read; what has the same bytes is the same entry', async () => {
  const first = await read([
    ['spiffe://a', 'abc'],
    ['spiffe://b', 'abc'],
  ]);
  const second = await read(
    [
      ['spiffe://b', 'abc'],
      ['spiffe://a', 'abcd'],
    ],
    first,
  );
  expect(second.get('b')).toBe(first.get('b'));
  expect(second.get('a')).not.toBe(first.get('a'));
  expect(parseWord).not.toHaveBeenCalled();
});

describe('keys', () => {
  test.each(['spiffe://B', 'SPIFFE://b', 'spiffe://b/', 'b', '', 'spiffe://', 'spiffe://b:1'])(
    '%j is refused (W-23)',
    async (key) => {
      expect([
        ...(
          await read([
            [key, 'abc'],
            ['spiffe://a', 'abc'],
          ])
        ).keys(),
      ]).toEqual(['a']);
      expect(reported).toEqual([`${JSON.stringify(key)} is no trust domain ID; its bundle is ignored`]);
    },
  );

  test('a trust domain that comes twice is not trusted: which of them counts would be a guess', async () => {
    const entries = await read([
      ['spiffe://a', 'abc'],
      ['spiffe://b', 'abc'],
      ['spiffe://a', 'def'],
      ['spiffe://a', 'abc'],
    ]);
    expect([...entries.keys()]).toEqual(['b']);
    expect(reported).toEqual(['there are several bundles of spiffe://a; it is not trusted']);
  });

  test('names of object members are names like any other (ID-15)', async () => {
    expect((await read([['spiffe://constructor', 'abc']])).get('constructor')?.bundle?.word).toBe('abc');
  });
});

test('others have their turn in between', async () => {
  let now = 0;
  let turns = 0;
  const steps: number[] = [];
  const counted = new Turns(
    () => now++,
    async () => {
      turns += 1;
      steps.push(now);
    },
  );
  const many = Array.from({ length: 10_000 }, (_, i) => [`spiffe://td${i}`, 'abc'] as const);
  expect((await read(many, new Map(), counted)).size).toBe(10_000);
  // The clock ticks once per step, so that a turn of ten milliseconds has at most ten of them.
  expect(turns).toBeGreaterThan(900);
  expect(Math.max(...steps.map((step, i) => step - (steps[i - 1] ?? 0)))).toBeLessThanOrEqual(13);
});
