import { expect, test } from 'vitest';
import { allocatedBytes } from './allocated-bytes.js';

const held: unknown[] = [];
const work = (length: number) => (count: number) => {
  for (let index = 0; index < count; index++) held[0] = length > 0 ? new Array(length).fill(0) : undefined;
};

test('what is allocated is counted, also what was collected meanwhile', async () => {
  const bytes = 100 * 8;
  const found = await allocatedBytes(work(100), 100_000); // 80 MB: many collections
  expect(found).toBeGreaterThan(bytes);
  expect(found).toBeLessThan(2 * bytes);
  expect(await allocatedBytes(work(0), 100_000)).toBeLessThan(bytes / 10);
  held.length = 0;
});
