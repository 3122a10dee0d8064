import { describe, expect, test } from 'vitest';
import { SentBundle } from './sent-bundle.js';

/** A field in the middle of a message, its bundle right behind its key. */
function fieldOf(key: string | Buffer, bundle = 'abc'): SentBundle {
  const before = Buffer.from('before');
  const keyBytes = Buffer.from(key as Buffer);
  const start = before.length + keyBytes.length;
  const message = Buffer.concat([before, keyBytes, Buffer.from(bundle), Buffer.from('after')]);
  return new SentBundle(message, { start: before.length, end: start }, { start, end: start + Buffer.byteLength(bundle) });
}

test('gives key, name and bytes as they were sent', () => {
  const field = fieldOf('spiffe://a.example');
  expect([field.key, field.name]).toEqual(['spiffe://a.example', 'a.example']);
  expect(Buffer.from(field.bytes).toString()).toBe('abc');
  expect(fieldOf('spiffe://é').name).toBe('é');
});

describe('the name', () => {
  test.each(['', 's', 'spiffe:/', 'SPIFFE://a', 'Spiffe://a', ' spiffe://a', '\ufeffspiffe://a', 'https://aa', 'a.example'])(
    'of %j is none',
    (key) => {
      const field = fieldOf(key);
      expect([field.key, field.name]).toEqual([key, undefined]);
    },
  );

  test('is not completed by what follows the key', () => {
    expect(fieldOf('spiffe:/', '/a.example').name).toBeUndefined();
    expect(fieldOf('spiffe://', 'a.example').name).toBe('');
  });

  test('that is no UTF-8 is not that of anybody', () => {
    const field = fieldOf(Buffer.from('spiffe://a\xe9.example', 'latin1'));
    expect([field.key, field.name]).toEqual(['spiffe://a\ufffd.example', 'a\ufffd.example']);
  });
});

test('holds what has the same bytes, and nothing else', () => {
  const field = fieldOf('spiffe://a', 'abc');
  expect(field.holds(Buffer.from('abc'))).toBe(true);
  for (const other of ['abd', 'Abc', 'ab', 'abca', 'bca', '', 'abcafter']) expect(field.holds(Buffer.from(other))).toBe(false);
  const empty = fieldOf('spiffe://a', '');
  expect([empty.holds(new Uint8Array()), empty.holds(Buffer.from('a'))]).toEqual([true, false]);
});
