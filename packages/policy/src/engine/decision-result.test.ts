import { describe, expect, it } from 'vitest';
import { errorOf } from '../test-support/error-of.js';
import { parseResult } from './decision-result.js';

const decision = { allow: true, reasons: ['role_reader'] };

describe('parseResult', () => {
  it('takes exactly one decision', () => {
    const result = parseResult([{ result: decision }]);
    expect(result).toEqual(decision);
    expect(Object.isFrozen(result.reasons)).toBe(true);
    expect(parseResult([{ result: { allow: false, reasons: [] } }])).toEqual({ allow: false, reasons: [] });
  });

  it('takes a hundred reasons of 256 characters, and no more', async () => {
    const of = (count: number, length: number) => [{ result: { allow: true, reasons: Array(count).fill('x'.repeat(length)) } }];
    expect(parseResult(of(100, 256)).reasons).toHaveLength(100);
    for (const results of [of(101, 1), of(1, 257)]) {
      expect((await errorOf(() => parseResult(results))).code).toBe('odd_result');
    }
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['no array', { result: decision }],
    ['an empty set', []],
    ['two results', [{ result: decision }, { result: decision }]],
    ['a bare true', [true]],
    ['no result member', [{}]],
    ['a null result', [{ result: null }]],
    ['the truthy wrapper of false', [{ result: false }]],
    ['the wrapper of true', [{ result: true }]],
    ['a number', [{ result: 1 }]],
    ['a text', [{ result: 'allow' }]],
    ['a list', [{ result: [decision] }]],
    ['no allow', [{ result: { reasons: [] } }]],
    ['allow as text', [{ result: { allow: 'true', reasons: [] } }]],
    ['allow as number', [{ result: { allow: 1, reasons: [] } }]],
    ['allow as null', [{ result: { allow: null, reasons: [] } }]],
    ['no reasons', [{ result: { allow: true } }]],
    ['reasons as text', [{ result: { allow: true, reasons: 'x' } }]],
    ['reasons as object', [{ result: { allow: true, reasons: {} } }]],
    ['a reason that is no text', [{ result: { allow: true, reasons: ['x', 1] } }]],
    ['an unknown member', [{ result: { ...decision, obligations: [] } }]],
    ['an own __proto__', [{ result: JSON.parse('{"allow":true,"reasons":[],"__proto__":{}}') }]],
  ])('refuses %s', async (_, results) => {
    expect((await errorOf(() => parseResult(results))).code).toBe('odd_result');
  });
});
