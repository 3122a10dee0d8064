import type { Record as DirectoryRecord } from '@dirgate/directory';
import { type Attempt, failed, succeeded } from '@dirgate/harness';
import type { ServiceError } from '@grpc/grpc-js';
import type { DemoClient } from './demo-client.js';

/** A Pull call that stays open between its messages. */
export interface OpenPullStream {
  /** Asks for one record and waits for it. Rejects when the call ends instead. */
  pull(cid: string): Promise<DirectoryRecord>;
  /** Waits for the call to end by itself. */
  ended(): Promise<Attempt>;
  /** Ends the requests and waits for the call to end. */
  finish(): Promise<Attempt>;
}

/** Opens a Pull call. */
export function openPullStream(client: DemoClient): OpenPullStream {
  const call = client.store.pull();
  const answers: DirectoryRecord[] = [];
  call.on('data', (answer: DirectoryRecord) => answers.push(answer));
  const ended = new Promise<Attempt>((resolve) => {
    call.on('error', (error: ServiceError) => resolve(failed(error, answers)));
    call.on('end', () => resolve(succeeded(answers)));
  });
  return {
    pull: async (cid) => {
      const answer = new Promise<DirectoryRecord>((resolve) => call.once('data', resolve));
      call.write({ cid });
      const early = ended.then(({ status }) => {
        throw new Error(`the stream ended with ${status} before it answered`);
      });
      return Promise.race([answer, early]);
    },
    ended: () => ended,
    finish: () => {
      call.end();
      return ended;
    },
  };
}
