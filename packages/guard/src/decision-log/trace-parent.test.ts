import { expect, test } from 'vitest';
import { parseTraceParent } from './trace-parent.js';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const valid = `00-${traceId}-${spanId}-01`;

test('reads trace and span', () => {
  expect(parseTraceParent([valid])).toEqual({ traceId, spanId });
  expect(parseTraceParent([`cc-${traceId}-${spanId}-01-what-the-future-holds`])).toEqual({ traceId, spanId });
});

test.each<[string, readonly string[] | undefined]>([
  ['none', undefined],
  ['none', []],
  ['two', [valid, valid]],
  ['empty', ['']],
  ['version ff', [`ff-${traceId}-${spanId}-01`]],
  ['more than version 00 has', [`${valid}-more`]],
  ['no trace', [`00-${'0'.repeat(32)}-${spanId}-01`]],
  ['no span', [`00-${traceId}-${'0'.repeat(16)}-01`]],
  ['upper case', [valid.toUpperCase()]],
  ['short', [valid.slice(0, -1)]],
  ['a line break behind', [`${valid}\n`]],
  ['huge', [`cc-${traceId}-${spanId}-01-${'x'.repeat(10_000)}`]],
])('%s is no trace: %#', (_name, values) => {
  expect(parseTraceParent([valid])).toBeDefined();
  expect(parseTraceParent(values)).toBeUndefined();
});
