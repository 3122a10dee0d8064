import { setMaxListeners } from 'node:events';
import type { SpireTools } from './spire-tools.js';
import { SpireWorld } from './spire-world.js';
import type { Suite } from './suite.js';

/** What a suite came to. */
export interface SuiteResult {
  readonly passed: number;
  readonly failed: number;
}

/** A check that failed; printed already. */
class CheckFailed extends Error {}

/** Runs a suite in a world of its own and prints a line for each check. Never rejects: whatever goes wrong is a failed check. */
export async function runSuite(suite: Suite, tools: SpireTools, stopping: AbortSignal): Promise<SuiteResult> {
  const count = { passed: 0, failed: 0 };
  const startedAt = Date.now();
  const say = (text: string): void => console.log(`${suite.name.padEnd(14)} ${text}`);
  const fail = (name: string, error: unknown): void => {
    count.failed += 1;
    say(`FAILED ${name}\n${String(error instanceof Error ? error.stack : error).replace(/^/gm, '       ')}`);
  };
  const limit = AbortSignal.timeout(suite.limitMs);
  const signal = AbortSignal.any([stopping, limit]);
  setMaxListeners(0, signal); // one for each process
  let now = 'starting SPIRE';
  const check = async (name: string, run: () => Promise<void> | void): Promise<void> => {
    now = name;
    const from = Date.now();
    try {
      await run();
    } catch (error) {
      if (!signal.aborted) fail(name, error);
      throw new CheckFailed(name, { cause: error });
    }
    signal.throwIfAborted();
    count.passed += 1;
    say(`ok     ${name} (${seconds(from)})`);
  };

  const world = await SpireWorld.create(tools, signal);
  try {
    const context = { tools, world, signal, check, progress: (text: string) => say(`·      ${text}`) };
    await Promise.race([suite.run(context), aborted(signal)]);
  } catch (error) {
    if (limit.aborted) fail(now, `the suite did not end within ${suite.limitMs / 1000} s`);
    else if (stopping.aborted) fail(now, 'stopped');
    else if (!(error instanceof CheckFailed)) fail(now, error);
  }
  world.keep = count.failed > 0 && !stopping.aborted;
  await world[Symbol.asyncDispose]();
  say(count.failed > 0 ? `failed after ${seconds(startedAt)}` : `done in ${seconds(startedAt)}`);
  if (world.keep) say(`its logs are in ${world.folder}`);
  return count;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function seconds(from: number): string {
  return `${((Date.now() - from) / 1000).toFixed(1)} s`;
}
