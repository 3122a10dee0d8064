import { existsSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Linux tells what one thread has worked; elsewhere it is the whole process. */
const THREAD = '/proc/thread-self/schedstat';
const tellsThread = existsSync(THREAD);

/**
 * The longest time between two turns of the event loop while `work` runs, in ms. A turn is as long as by the clock, or as this
 * thread worked in it where that is less: what other processes had of the core does not count.
 */
export async function longestTurn(work: () => void | Promise<void>): Promise<number> {
  let longest = 0;
  let isDone = false;
  const watching = (async () => {
    while (!isDone) {
      const workedBefore = workedMs();
      const startedAt = performance.now();
      await nextTurn();
      const elapsedMs = performance.now() - startedAt;
      longest = Math.max(longest, Math.min(elapsedMs, workedMs() - workedBefore));
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

/** What the thread has worked since it began. */
function workedMs(): number {
  // Asking brings the kernel's account of this thread up to date; by itself it lags by a tick.
  const { user, system } = process.cpuUsage();
  return tellsThread ? Number(readFileSync(THREAD, 'latin1').split(' ', 1)[0]) / 1e6 : (user + system) / 1000;
}
