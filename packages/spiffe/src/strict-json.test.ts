import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64 } from './base64.js';
import { decodeBase64Url } from './base64url.js';
import { parseStrictJson, parseStrictJsonExactly } from './strict-json.js';

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

describe('parseStrictJsonExactly', () => {
  const exactly = (text: string) => parseStrictJsonExactly(text, (fault) => new Fault(fault));

  it.each(['0', '7', '999999999999999', '1000000000000000', '9007199254740993', '18446744073709551616', '99999999999999999999'])(
    'reads %s as an integer',
    (text) => {
      expect(exactly(text)).toBe(BigInt(text));
      expect(exactly(`[${text}]`)).toEqual([BigInt(text)]);
      expect(parse(text)).toBe(Number(text));
    },
  );

  it.each(['-1', '-0', '1.0', '1e3', '100000000000000000000', '1e400', '-9007199254740993'])('reads %s as a double', (text) => {
    expect(exactly(text)).toBe(Number(text));
  });

  it.each(['01', '00', '+1', '0x1', '1n', '9007199254740993.'])('refuses the syntax of %s', (text) => {
    expect(() => exactly(text)).toThrow('syntax');
  });

  it('reads everything else as ever', () => {
    expect(exactly('{"a":[true,null,"1",1.5],"b":{"a":2}}')).toEqual({ a: [true, null, '1', 1.5], b: { a: 2n } });
    expect(() => exactly('{"a":1,"a":1}')).toThrow('duplicate-member');
  });
});

describe('decodeBase64', () => {
  it('reads what Node writes, and only that', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each(['YQ', 'YQ=', 'YR==', 'YWK=', 'A', 'Y Q==', 'YQ==\n', '-_8=', 'é', 'YQ==YQ=='])('refuses %j', (text) => {
    expect(decodeBase64('YQ==')).toEqual(Buffer.from('a'));
    expect(decodeBase64(text)).toBeUndefined();
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
