import type { Answer } from './forked-process.js';

/**
 * The other side of `ForkedProcess`: answers each question of the parent with what `answer` resolves to. Ends the process
 * when the parent is gone; Ctrl-C is the parent's to act on.
 */
export function answerParent(answer: (question: never) => Promise<unknown>): void {
  const reply = (message: Answer): void => {
    process.send?.(message);
  };
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit());
  process.on('message', (question) => {
    answer(question as never).then(
      (result) => reply({ result }),
      (error: unknown) => reply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
}
