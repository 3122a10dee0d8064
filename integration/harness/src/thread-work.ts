import { existsSync, readFileSync } from 'node:fs';

/** Linux tells what one thread has worked; elsewhere it is the whole process. */
const THREAD = '/proc/thread-self/schedstat';
const tellsThread = existsSync(THREAD);

/** What this thread has worked since it began, in ms: what other processes had of the core does not count. */
export function threadWorkMs(): number {
  // Asking brings the kernel's account of this thread up to date; by itself it is of the last tick, up to 4 ms ago.
  const { user, system } = process.cpuUsage();
  return tellsThread ? Number(readFileSync(THREAD, 'latin1').split(' ', 1)[0]) / 1e6 : (user + system) / 1000;
}
