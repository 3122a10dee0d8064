import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64Url } from './base64url.js';
import { parseStrictJson } from './strict-json.js';

class Fault extends Error {}
const parse = (text: string) => parseStrictJson(text, (fault) => new Fault(fault));

describe('parseStrictJson', () => {
  it('reads whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(JSON.stringify(parse(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 500 },
    );
  });

  it('accepts no text that JSON.parse refuses, and reads it alike', () => {
    const near = fc
      .array(fc.constantFrom(...'{}[],:"\\u0aE+-.1 \n', 'true', 'null', '"a"', '"b":', '\\u00', '\\"', '\u0001', '\ufeff', 'é'), {
        maxLength: 14,
      })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(near, (text) => {
        let value: unknown;
        try {
          value = parse(text);
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          if (error.message === 'syntax') expect(() => JSON.parse(text)).toThrow();
          return;
        }
        expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 1500 },
    );
  });

  it.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '[{"b":{"x":1,"y":2,"x":1}}]',
    '{"__proto__":1,"__proto__":2}',
    '{"":1,"":2}',
  ])('sees the duplicate in %s', (text) => {
    expect(() => JSON.parse(text)).not.toThrow();
    expect(() => parse(text)).toThrow('duplicate-member');
  });

  it('allows one name in two objects', () => {
    expect(parse('[{"a":1},{"a":{"a":2}}]')).toHaveLength(2);
  });

  it('caps the depth', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(parse(nested(32))).toHaveLength(1);
    expect(() => parse(nested(33))).toThrow('depth');
    expect(() => parse('{"a":'.repeat(33))).toThrow('depth');
    expect(() => parse('['.repeat(1_000_000))).toThrow('depth');
  });

  it.each([
    '\ufeff{}',
    '{}\ufeff',
    '',
    ' ',
    '{',
    '{} {}',
    "{'a':1}",
    '{"a":1,}',
    '[1,]',
    '01',
    '+1',
    '.5',
    '1.',
    'NaN',
    'tru',
    '"\t"',
    '"\\x"',
    '"a',
    '"\\',
    '"\\u12"',
    '{a:1}',
    '\u00a01',
    '//\n1',
  ])('refuses the syntax of %j', (text) => {
    expect(() => parse(text)).toThrow('syntax');
  });

  it.each(['"\\ud800"', '"\\udc00\\ud800"', '"\ud800"', '{"\\udfff":1}'])('refuses the lone surrogate in %j', (text) => {
    expect(() => parse(text)).toThrow('syntax');
  });

  it('reads a pair of surrogates, raw and escaped', () => {
    expect(parse('["😀","\\ud83d\\ude00"]')).toEqual(['😀', '😀']);
  });

  it('makes objects without a prototype', () => {
    const value = parse('{"__proto__":{"admin":true},"constructor":1}') as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(value['admin']).toBeUndefined();
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor']);
  });
});

describe('decodeBase64Url', () => {
  it('reads what Node writes, and only that', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(decodeBase64Url(Buffer.from(bytes).toString('base64url'))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each(['YQ==', 'YQ=', 'YR', 'YWK', 'A', 'YWJjZ', 'Y W', 'YQ\n', '+_', '/-', 'é', 'YQ.', 'Y\0'])('refuses %j', (text) => {
    expect(decodeBase64Url('YQ')).toEqual(Buffer.from('a'));
    expect(decodeBase64Url(text)).toBeUndefined();
  });
});
