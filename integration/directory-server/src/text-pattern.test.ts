import { expect, test } from 'vitest';
import { textMatcher } from './text-pattern.js';

test.each([
  ['agent', 'agent', true],
  ['AGENT', 'agent', true],
  ['agent', 'agents', false],
  ['', '', true],
  ['*', '', true],
  ['?', '', false],
  ['?', '\u{1F600}', true],
  ['??', '\u{1F600}', false],
  ['a*c', 'abbbc', true],
  ['a*c', 'abbbd', false],
  ['*b*', 'abc', true],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['*.example/*', 'directory.example/acme/x', true],
  ['100%', '100%', true],
  ['100%', '1000', false],
  ['a_c', 'abc', false],
  ['[ab]*', 'abc', false],
  ['[ab]*', '[ab]x', true],
  ['É', 'é', false],
  ['É', 'É', true],
  ['a**b', 'ab', true],
])('%s matches %s: %s', (value, text, expected) => {
  expect(textMatcher(value)(text)).toBe(expected);
});

test('many wildcards over a long text take no time', () => {
  const matches = textMatcher(`${'*a'.repeat(200)}b`);
  const started = performance.now();
  expect(matches('a'.repeat(20_000))).toBe(false);
  expect(performance.now() - started).toBeLessThan(2_000);
});
