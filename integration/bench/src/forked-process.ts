import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What the other side answers; see `answer-parent.ts`. */
export type Answer = { readonly result: unknown } | { readonly error: string };

/** Node drops the bytecode of functions that have not run for a while; servers that wait their turn must keep theirs (N-66). */
const NODE_OPTIONS = ['--no-flush-bytecode', '--enable-source-maps'];

/** A process of ours that answers one question at a time. It ends with us. */
export class ForkedProcess {
  readonly #child: ChildProcess;

  /** Starts `entry`, the URL of a compiled module that calls `answerParent`. */
  constructor(entry: URL) {
    this.#child = fork(fileURLToPath(entry), { execArgv: NODE_OPTIONS, serialization: 'advanced' });
  }

  /** Sends a question and waits for its answer. Rejects with the other side's error, or when its process ends. */
  ask(question: unknown): Promise<unknown> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        child.off('message', answered);
        child.off('exit', ended);
        child.off('error', failed);
      };
      const answered = (answer: Answer): void => {
        stop();
        if ('error' in answer) reject(new Error(answer.error));
        else resolve(answer.result);
      };
      const ended = (): void => failed(new Error('a benchmark process ended early'));
      const failed = (error: Error): void => {
        stop();
        reject(error);
      };
      child.on('message', answered);
      child.on('exit', ended);
      child.on('error', failed);
      child.send(question as never, (error) => error && failed(error));
    });
  }

  /** Kills the process and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
  }
}
