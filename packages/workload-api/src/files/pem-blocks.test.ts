import { expect, test } from 'vitest';
import { readPemBlocks } from './pem-blocks.js';

const GOOD = '-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n';

test('blocks in order, with text between them', () => {
  const blocks = readPemBlocks(`# ours\n${GOOD}and\r\n${GOOD.replaceAll('CERTIFICATE', 'PRIVATE KEY').replace('YWJj', 'YQ==')}`);
  expect(blocks?.map(({ label, der }) => [label, Buffer.from(der).toString()])).toEqual([
    ['CERTIFICATE', 'abc'],
    ['PRIVATE KEY', 'a'],
  ]);
});

test.each([
  ['nothing', ''],
  ['no block', 'text'],
  ['an end of another kind', GOOD.replace('END CERTIFICATE', 'END PRIVATE KEY')],
  ['no end', GOOD.slice(0, -10)],
  ['an empty block', GOOD.replace('YWJj', '')],
  ['no base64', GOOD.replace('YWJj', 'YW.j')],
  ['base64 that is cut', GOOD.replace('YWJj', 'YWJ')],
  ['padding alone', GOOD.replace('YWJj', '====')],
  ['more padding than there can be', GOOD.replace('YWJj', 'Y===')],
  ['padding in the middle', GOOD.replace('YWJj', 'YQ==YQ==')],
  ['header lines', GOOD.replace('YWJj', 'Proc-Type: 4,ENCRYPTED\n\nYWJj')],
  ['a good block and half a block', `${GOOD}-----BEGIN CERTIFICATE-----\nYWJj`],
])('%s is refused', (_name, text) => {
  expect(readPemBlocks(GOOD)).toHaveLength(1);
  expect(readPemBlocks(text)).toBeUndefined();
});

test('a block of eight million characters is read, or refused, as any other: no pattern runs out of stack', () => {
  const long = (end: string): string => GOOD.replace('YWJj', `${'YWJj'.repeat(2_000_000)}${end}`);
  expect(readPemBlocks(long(''))?.[0].der).toHaveLength(6_000_000);
  expect(readPemBlocks(long('!'))).toBeUndefined();
});
