import { expect, test } from 'vitest';
import { OldestOut } from './oldest-out.js';

test('keeps as many values as it may, and forgets the one that was added first', () => {
  const memory = new OldestOut<number>(2);
  memory.add('a', 1);
  memory.add('b', 2);
  expect([memory.get('a'), memory.get('b')]).toEqual([1, 2]);
  memory.add('c', 3);
  expect([memory.get('a'), memory.get('b'), memory.get('c')]).toEqual([undefined, 2, 3]);
  memory.add('d', 4);
  expect([memory.get('b'), memory.get('c'), memory.get('d')]).toEqual([undefined, 3, 4]);
});

test('adding the same again forgets nothing, and makes it the newest', () => {
  const memory = new OldestOut<number>(2);
  memory.add('a', 1);
  memory.add('b', 2);
  memory.add('a', 3);
  expect([memory.get('a'), memory.get('b')]).toEqual([3, 2]);
  memory.add('c', 4);
  expect([memory.get('a'), memory.get('b'), memory.get('c')]).toEqual([3, undefined, 4]);
});

test('names are nothing but names', () => {
  const memory = new OldestOut<number>(2);
  expect(memory.get('constructor')).toBeUndefined();
  expect(memory.get('__proto__')).toBeUndefined();
});
