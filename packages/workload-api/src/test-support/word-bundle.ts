import { parseTrustDomain, type TrustDomain } from '@dirgate/spiffe';
import { vi } from 'vitest';
import type { BundleEntry, BundleReader } from '../updates/bundle-entry.js';
import { entryOf } from '../updates/bundle-map.js';

/** A bundle of one word, the letters of which are its keys: their order does not count. */
export class WordBundle {
  readonly word: string;

  constructor(word: string) {
    this.word = word;
  }

  equals(other: WordBundle): boolean {
    return [...this.word].sort().join() === [...other.word].sort().join();
  }
}

/** Reads words; `bad…` is none. */
export const parseWord = vi.fn((_trustDomain: TrustDomain, raw: Uint8Array): WordBundle => {
  const word = Buffer.from(raw).toString();
  if (word.startsWith('bad')) throw new Error('not a word');
  return new WordBundle(word);
});

/** What {@link wordReader} reported. */
export const reported: string[] = [];

export const wordReader: BundleReader<WordBundle> = { parse: parseWord, report: (problem) => reported.push(problem) };

/** Entries by trust domain name; those of `previous` go on where the word is the same. */
export function words(
  content: Readonly<Record<string, string>>,
  previous: ReadonlyMap<string, BundleEntry<WordBundle>> = new Map(),
): Map<string, BundleEntry<WordBundle>> {
  return new Map(
    Object.entries(content).map(([name, word]) => {
      return [name, entryOf(parseTrustDomain(name), Buffer.from(word), previous.get(name), wordReader)];
    }),
  );
}
