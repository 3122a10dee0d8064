const EVERY_MS = 20;

/** Times at which this process was not let run, newest last. */
const gaps: { readonly endedAt: number; readonly ms: number }[] = [];

let before = { at: performance.now(), cpu: process.cpuUsage() };
setInterval(() => {
  const at = performance.now();
  const { user, system } = process.cpuUsage(before.cpu);
  // What it computed itself is its own fault.
  const ms = at - before.at - EVERY_MS - (user + system) / 1000;
  if (ms > EVERY_MS) gaps.push({ endedAt: Date.now(), ms });
  before = { at, cpu: process.cpuUsage() };
}, EVERY_MS).unref();

/**
 * For how long between two instants, in milliseconds since the epoch, this process would have run if the machine had not been busy with
 * others. Client and server are in it, so that what they promise within a second is promised of the time that they are given.
 */
export function starvedMs(from: number, to: number): number {
  const overlaps = gaps.map(({ endedAt, ms }) => Math.min(endedAt, to) - Math.max(endedAt - ms, from));
  return overlaps.reduce((sum, overlap) => sum + Math.max(overlap, 0), 0);
}
