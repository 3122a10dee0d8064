import { describe, expect, test } from 'vitest';
import { canonicalJson, compareCodePoints } from './canonical-json.js';
import { contentId } from './content-id.js';

describe('contentId', () => {
  test.each([
    ['raw bytes', 'Hello, World!', 'baeareig77vqcdozl2wyk6z3cscaj5q5fggi53aoh64fewkdiri3cdauyn4'],
    ['empty object', canonicalJson({}), 'baeareicecnx2gvntm6fbcrvnc336qze6st5u7qq7457igegamd3bzkx7ri'],
    [
      'escaped members in another order',
      canonicalJson({ version: '1.0.0', schema_version: '1.0.0', name: 'example.org/agent', description: 'a < b & c' }),
      'baeareihefvl2vixys253kkylvv34vvkfgltba6adfaibeshsd7rieeqdze',
    ],
    [
      'numeric and non-ASCII keys, odd numbers',
      canonicalJson({ '\u{1F600}': 2, b: 1, '9': 'nine', '\uFF21': 1, a: [1.5, 1e21, 1e-7, -0, true, null], '10': 'ten' }),
      'baeareif6iiddpocgwl6x4jrmt6xdqug3tusallyyxsgou7yi3vrmugoea4',
    ],
  ])('%s', (_, bytes, cid) => {
    expect(contentId(bytes)).toBe(cid);
    expect(cid).toMatch(/^baearei[a-z2-7]{52}$/);
  });
});

describe('canonicalJson', () => {
  test('writes the texts of directory-wire §2.1', () => {
    expect(canonicalJson({ version: '1.0.0', name: 'example.org/agent', description: 'a < b & c' })).toBe(
      '{"description":"a \\u003c b \\u0026 c","name":"example.org/agent","version":"1.0.0"}',
    );
    const text = canonicalJson({
      '\u{1F600}': 2,
      b: 1,
      '9': 'nine',
      '\uFF21': 1,
      a: [1.5, 1e21, 1e-7, -0, true, null],
      '10': 'ten',
    });
    expect(text).toBe('{"10":"ten","9":"nine","a":[1.5,1e+21,1e-7,-0,true,null],"b":1,"\uFF21":1,"\u{1F600}":2}');
    expect(Buffer.byteLength(text)).toBe(80);
  });

  test('escapes controls, separators and markup, in keys too, and nothing else', () => {
    expect(canonicalJson({ '<k>': '\b\f\n\r\t\u0000\u001f\u007f"\\/\u2028\u2029&é' })).toBe(
      '{"\\u003ck\\u003e":"\\b\\f\\n\\r\\t\\u0000\\u001f\u007f\\"\\\\/\\u2028\\u2029\\u0026é"}',
    );
  });

  test('does not depend on how an object was built, and reads back as itself', () => {
    const text = '{"":0,"10":1,"9":2,"__proto__":{"x":1},"a":{"1":null,"b":[{}]}}';
    expect(canonicalJson(JSON.parse('{"a":{"b":[{}],"1":null},"__proto__":{"x":1},"9":2,"10":1,"":0}'))).toBe(text);
    expect(canonicalJson(JSON.parse(text))).toBe(text);
  });

  test.each([
    ['NaN', Number.NaN],
    ['infinity', Number.NEGATIVE_INFINITY],
    ['lone surrogate', '\ud800'],
    ['depth', JSON.parse(`${'['.repeat(300)}${']'.repeat(300)}`)],
  ])('refuses %s', (_, value) => {
    expect(() => canonicalJson({ value })).toThrow(RangeError);
  });
});

test('compareCodePoints orders as UTF-8 bytes do', () => {
  const texts = ['\u{1F600}', '\uFF21', 'b', 'a', '', 'ab', '\uE000', '\u{10FFFF}', 'é', 'Z'];
  const byBytes = texts.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect(texts.toSorted(compareCodePoints)).toEqual(byBytes);
});
