import { expect, test } from 'vitest';
import { frozenCopy } from './frozen-copy.js';

test('the same content, which nobody can change, without prototypes (N-47)', () => {
  const given = JSON.parse('{"sub":"x","n":1.5,"list":[{"a":null}],"constructor":true,"__proto__":{"admin":true}}');
  const copy = frozenCopy(given);
  expect(JSON.stringify(copy)).toBe(JSON.stringify(given));
  expect(Object.getPrototypeOf(copy)).toBeNull();
  expect(copy['admin']).toBeUndefined();
  expect(copy['toString']).toBeUndefined();
  const list = copy['list'] as readonly object[];
  for (const frozen of [copy, list, list[0]]) expect(Object.isFrozen(frozen)).toBe(true);
});
