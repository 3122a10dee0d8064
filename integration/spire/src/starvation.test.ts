import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { starvedMs } from './starvation.js';

/** Resolves when the timer of starvation.ts has had its turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}

test('counts what the process waited for others, between two instants', async () => {
  await turn();
  const from = Date.now();
  execFileSync(process.execPath, ['--eval', 'const end = Date.now() + 300; while (Date.now() < end);']);
  const waitedUntil = Date.now();
  await turn();
  expect(starvedMs(from, waitedUntil)).toBeGreaterThan(200);
  expect(starvedMs(from, from + 100)).toBeLessThanOrEqual(100);
  expect(starvedMs(waitedUntil + 1000, waitedUntil + 2000)).toBe(0);
});
