import { timerProblem } from './timer-problem.js';

/** Why {@link waitFor} gave up. */
export type WaitFailureCode = 'timeout' | 'aborted' | 'closed' | 'option_invalid';

/** How long to wait. */
export interface WaitForOptions {
  readonly signal?: AbortSignal;
  /** Default: for ever. */
  readonly timeoutMs?: number;
}

/** What {@link waitFor} looks at. */
export interface WaitForSource {
  /** How messages name it. */
  readonly name: string;
  /** Whether what is waited for is there. */
  readonly holds: () => boolean;
  /** Calls `look` whenever that may have changed; returns a function that stops it. */
  readonly watch: (look: () => void) => () => void;
  /** Aborted when nothing will change any more. */
  readonly end: AbortSignal;
  /** Makes the error that the promise rejects with. */
  readonly failure: (code: WaitFailureCode, message: string, options?: ErrorOptions) => Error;
}

/**
 * Resolves once `holds()` is true: now, or after a change. Leaves no timer and no listener behind, however it ends.
 *
 * @throws what `failure` makes for `timeout`, `aborted`, `closed` and `option_invalid`; and what `holds` throws
 */
export async function waitFor({ name, holds, watch, end, failure }: WaitForSource, options: WaitForOptions): Promise<void> {
  const { signal, timeoutMs } = options;
  const problem = timeoutMs === undefined ? undefined : timerProblem('timeoutMs', timeoutMs);
  if (problem !== undefined) throw failure('option_invalid', problem);
  return new Promise<void>((resolve, reject) => {
    const settle = (error?: unknown): void => {
      clearTimeout(timer);
      stop();
      signal?.removeEventListener('abort', abort);
      end.removeEventListener('abort', closed);
      if (error === undefined) resolve();
      else reject(error);
    };
    const look = (): void => {
      try {
        if (holds()) settle();
      } catch (error) {
        settle(error ?? new Error('the predicate threw nothing'));
      }
    };
    const abort = (): void => settle(failure('aborted', 'waiting was aborted', { cause: signal?.reason }));
    const closed = (): void => settle(failure('closed', `${name} was closed`));
    const late = (): void => settle(failure('timeout', `it did not come true within ${timeoutMs} ms`));
    const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
    const stop = watch(look);
    signal?.addEventListener('abort', abort, { once: true });
    end.addEventListener('abort', closed, { once: true });
    if (signal?.aborted) abort();
    else if (end.aborted) closed();
    else look();
  });
}
