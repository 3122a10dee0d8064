import { setImmediate as nextTurn } from 'node:timers/promises';
import { threadWorkMs } from '@dirgate/harness';

/**
 * The longest time between two turns of the event loop while `work` runs, in ms. A turn is as long as by the clock, or as this
 * thread worked in it where that is less: what other processes had of the core does not count.
 */
export async function longestTurn(work: () => void | Promise<void>): Promise<number> {
  let longest = 0;
  let isDone = false;
  const watching = (async () => {
    while (!isDone) {
      const workedBefore = threadWorkMs();
      const startedAt = performance.now();
      await nextTurn();
      const elapsedMs = performance.now() - startedAt;
      longest = Math.max(longest, Math.min(elapsedMs, threadWorkMs() - workedBefore));
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
