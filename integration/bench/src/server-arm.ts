import type { CleanUp } from '@dirgate/harness';
import { ForkedProcess } from './forked-process.js';
import { type LoadSettings, openLoad } from './load.js';
import type { Arm } from './paired-comparison.js';
import type { ServerQuestion, Settled, Started } from './server-process.js';
import type { ServerSettings } from './server-under-test.js';

/** Starts a server in a process of its own, and its client in this one; both end with `cleanUp`. */
export async function startServerArm(server: ServerSettings, client: Omit<LoadSettings, 'port'>, cleanUp: CleanUp): Promise<Arm> {
  const child = cleanUp.use(new ForkedProcess(new URL('./server-process.js', import.meta.url)));
  const ask = (question: ServerQuestion): Promise<unknown> => child.ask(question);
  const { port } = (await ask({ do: 'start', settings: server })) as Started;
  const load = await openLoad({ ...client, port });
  cleanUp.defer(async () => load.close());
  const settle = async (): Promise<number> => ((await ask({ do: 'settle' })) as Settled).cpuMicros;
  return {
    run: async (count) => {
      const cpuBefore = await settle();
      const startedAt = performance.now();
      await load.run(count);
      const cpuAfter = await settle(); // inside of the time: what a server still has to write belongs to these calls
      return { seconds: (performance.now() - startedAt) / 1000, cpuMicros: cpuAfter - cpuBefore };
    },
  };
}
