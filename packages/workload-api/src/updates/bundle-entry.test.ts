import { parseTrustDomain } from '@dirgate/spiffe';
import { beforeEach, expect, test } from 'vitest';
import { parseWord, reported, WordBundle, wordReader } from '../test-support/word-bundle.js';
import { BundleEntry } from './bundle-entry.js';

const A = parseTrustDomain('a.example');

beforeEach(() => {
  parseWord.mockClear();
  reported.length = 0;
});

test('is read once, when it is asked for, and gives the same object each time', () => {
  const entry = new BundleEntry(A, Buffer.from('abc'), wordReader, undefined);
  expect([entry.isRead, parseWord.mock.calls.length]).toEqual([false, 0]);
  const { bundle } = entry;
  expect(bundle).toEqual(new WordBundle('abc'));
  expect(entry.bundle).toBe(bundle);
  expect(entry.require()).toBe(bundle);
  expect([entry.isRead, parseWord.mock.calls.length]).toEqual([true, 1]);
});

test('gives the object that readers hold when its keys are the same', () => {
  const known = new WordBundle('abc');
  expect(new BundleEntry(A, Buffer.from('cab'), wordReader, known).bundle).toBe(known);
  expect(new BundleEntry(A, Buffer.from('abd'), wordReader, known).bundle).toEqual(new WordBundle('abd'));
});

test('what cannot be read is no bundle, also where there was one, and is reported once (TW-7)', () => {
  const entry = new BundleEntry(A, Buffer.from('bad'), wordReader, new WordBundle('abc'));
  expect(entry.bundle).toBeUndefined();
  expect(entry.bundle).toBeUndefined();
  expect(entry.known).toBeUndefined();
  expect(() => entry.require()).toThrow('not a word');
  expect(reported).toEqual(['the bundle of spiffe://a.example cannot be read (not a word); it is not trusted']);
});

test('keeps bytes of its own: the message they came in is not kept alive, and cannot change them', () => {
  const message = Buffer.from('abc and much more');
  const entry = new BundleEntry(A, message.subarray(0, 3), wordReader, undefined);
  message.fill('x');
  expect(entry.raw.buffer.byteLength).toBe(3);
  expect(entry.bundle).toEqual(new WordBundle('abc'));
});
