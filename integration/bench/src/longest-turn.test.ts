import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { longestTurn } from './longest-turn.js';

/** Works for much longer than `ms` by the clock, in one turn, and for at least as long by the CPU. */
function hold(ms: number): void {
  let digest = '';
  const cpuBefore = process.cpuUsage();
  for (let workedMs = 0; workedMs < 3 * ms; ) {
    digest = createHash('sha256').update(digest).digest('hex');
    const { user, system } = process.cpuUsage(cpuBefore);
    workedMs = (user + system) / 1000;
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
