import { answerParent } from './answer-parent.js';
import { type ServerSettings, type ServerUnderTest, startServerUnderTest } from './server-under-test.js';

/** What a server process is asked. */
export type ServerQuestion = { readonly do: 'start'; readonly settings: ServerSettings } | { readonly do: 'settle' };

/** The answer to `start`. */
export interface Started {
  readonly port: number;
}

/** The answer to `settle`: CPU time of the process so far. */
export interface Settled {
  readonly cpuMicros: number;
}

let server: ServerUnderTest | undefined;

answerParent(async (question: ServerQuestion): Promise<Started | Settled> => {
  if (question.do === 'start') {
    server = await startServerUnderTest(question.settings);
    return { port: server.port };
  }
  await server?.settle();
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system };
});
