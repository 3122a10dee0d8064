import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { longestTurn } from './longest-turn.js';

/** Works for so long by the clock and by the CPU, in one turn. */
function hold(ms: number): void {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  for (let worked = 0; worked < ms; ) {
    const { user, system } = process.cpuUsage(cpuBefore);
    worked = Math.min(performance.now() - startedAt, (user + system) / 1000);
  }
}

test('the longest turn is no shorter than the longest work without a pause', async () => {
  const found = await longestTurn(async () => {
    await nextTurn();
    hold(5);
    await nextTurn();
    hold(30);
    await nextTurn();
  });
  expect(found).toBeGreaterThanOrEqual(30);
});

test('work that fails, fails', async () => {
  const fails = async (): Promise<void> => {
    throw new Error('the work');
  };
  await expect(longestTurn(fails)).rejects.toThrow('the work');
});
