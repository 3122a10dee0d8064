import { GCProfiler } from 'node:v8';
import type { Work } from './workload-api-case.js';

/** What V8's heap grew by for each of `count` times, in bytes, with what the garbage collector took away meanwhile added. */
export async function allocatedBytes(work: Work, count: number): Promise<number> {
  const collections = new GCProfiler();
  collections.start();
  let since = process.memoryUsage().heapUsed;
  const running = work(count);
  // Waiting would allocate too.
  if (running !== undefined) await running;
  const end = process.memoryUsage().heapUsed;
  let bytes = 0;
  for (const { beforeGC, afterGC } of collections.stop()?.statistics ?? []) {
    bytes += beforeGC.heapStatistics.usedHeapSize - since;
    since = afterGC.heapStatistics.usedHeapSize;
  }
  return (bytes + end - since) / count;
}
