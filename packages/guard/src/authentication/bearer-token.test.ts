import { expect, test } from 'vitest';
import { readBearerToken } from './bearer-token.js';

const malformed = expect.objectContaining({ code: 'token_malformed' });

test.each(['Bearer abc.def.ghi', 'bearer abc.def.ghi', 'BEARER abc.def.ghi', 'bEaReR abc.def.ghi'])(
  '"%s" holds a token',
  (value) => {
    expect(readBearerToken([value])).toBe('abc.def.ghi');
  },
);

test('no header is no token', () => {
  expect(readBearerToken([])).toBeUndefined();
});

test.each([
  '',
  ' ',
  'Bearer',
  'Bearer ',
  'Bearer  a',
  ' Bearer a',
  'Bearer a ',
  'Bearer a b',
  'Bearer a,b',
  'Bearer a, Bearer b',
  'Bearer a\nb',
  'Bearer a\n',
  'Bearer\ta',
  'Bearer é',
  'Bearer "a"',
  'Basic a',
  'xBearer a',
  'DPoP a',
  'a',
])('"%s" is malformed', (value) => {
  expect(() => readBearerToken([value])).toThrow(malformed);
});

test('two values are malformed, also when they are equal', () => {
  expect(() => readBearerToken(['Bearer a', 'Bearer a'])).toThrow(malformed);
});
