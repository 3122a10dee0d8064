import { describe, expect, it } from 'vitest';
import { structuralJson } from './structural-json.js';

describe('structuralJson', () => {
  it.each<[string, string, string]>([
    ['whitespace', ' { "a" : [ 1 , { } , [ ] ] } \n', '{"a":[1,{},[]]}'],
    ['the order of members', '{"b":1,"a":2,"":3,"A":4}', '{"":3,"A":4,"a":2,"b":1}'],
    ['names by their bytes', '{"\\ud83d\\ude00":1,"\\uffee":2,"é":3}', '{"é":3,"\uffee":2,"😀":1}'],
    ['numbers as they are written', '[1.0,1e2,1E+2,-0,0.10,12345678901234567890]', '[1.0,1e2,1E+2,-0,0.10,12345678901234567890]'],
    ['words', '[true,false,null]', '[true,false,null]'],
    ['a text alone', '"x"', '"x"'],
    ['texts that look like numbers, and the other way round', '{"n1":"n1","s":"s1","1":"1"}', '{"1":"1","n1":"n1","s":"s1"}'],
    ['texts with quotes and backslashes', '["\\"1\\"","\\\\","\\\\\\"2"]', '["\\"1\\"","\\\\","\\\\\\"2"]'],
    ['escapes', '["\\/\\u0041\\u001f\\b\\f\\n\\r\\t\\u007f<>&"]', '["/A\\u001f\\b\\f\\n\\r\\t\u007f<>&"]'],
    ['line separators', '["\\u2028","\u2029"]', '["\\u2028","\\u2029"]'],
    ['the last of two members of one name', '{"a":1,"a":{"b":2}}', '{"a":{"b":2}}'],
    ['names that JavaScript knows', '{"__proto__":{"x":1},"constructor":2}', '{"__proto__":{"x":1},"constructor":2}'],
  ])('takes %s as OPA does', (_, text, wanted) => {
    expect(structuralJson(text)).toBe(wanted);
  });

  it.each([
    ['half an object', '{'],
    ['a comma too many', '[1,]'],
    ['a leading zero', '01'],
    ['nothing', ''],
    ['two values', '1 2'],
    ['a lone surrogate', '"\\ud800"'],
    ['a name that is one', '{"\\udc00":1}'],
    ['what nests too deeply', '['.repeat(200_000) + ']'.repeat(200_000)],
  ])('refuses %s', (_, text) => {
    expect(() => structuralJson(text)).toThrow();
  });

  it('takes a text of 20 MB, and one of 100,000 escapes', () => {
    for (const long of ['x'.repeat(20_000_000), 'x\\"'.repeat(100_000)]) {
      expect(structuralJson(`{ "a":"${long}" }`)).toBe(`{"a":"${long}"}`);
    }
  });
});
