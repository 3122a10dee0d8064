import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * The longest time between two turns of the event loop while `work` runs, in ms. A turn is no longer than it took by the clock, and
 * none in which the process worked less: the shorter of the two, so that other processes' turns on the core do not count.
 */
export async function longestTurn(work: () => void | Promise<void>): Promise<number> {
  let longest = 0;
  let isDone = false;
  const watching = (async () => {
    while (!isDone) {
      const cpuBefore = process.cpuUsage();
      const startedAt = performance.now();
      await nextTurn();
      const elapsedMs = performance.now() - startedAt;
      const { user, system } = process.cpuUsage(cpuBefore);
      longest = Math.max(longest, Math.min(elapsedMs, (user + system) / 1000));
    }
  })();
  try {
    await work();
  } finally {
    isDone = true;
    await watching;
  }
  return longest;
}
