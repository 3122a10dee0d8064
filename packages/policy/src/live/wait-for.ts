import { requireInRange } from '../number-range.js';
import { PolicyError } from '../policy-error.js';

/** How long to wait. */
export interface WaitForOptions {
  readonly signal?: AbortSignal;
  /** Default: for ever. */
  readonly timeoutMs?: number;
}

/** What {@link waitFor} looks at. */
export interface WaitForSource {
  /** Whether what is waited for is there. */
  readonly holds: () => boolean;
  /** Calls `look` whenever that may have changed; returns a function that stops it. */
  readonly watch: (look: () => void) => () => void;
  /** Aborted when nothing will change any more. */
  readonly end: AbortSignal;
}

/**
 * Resolves once `holds()` is true: now, or after a change.
 *
 * @throws {PolicyError} `timeout`, `aborted`, `closed`, `option_invalid`; and what `holds` throws
 */
export async function waitFor({ holds, watch, end }: WaitForSource, options: WaitForOptions): Promise<void> {
  const { signal, timeoutMs } = options;
  if (timeoutMs !== undefined) requireInRange('timeoutMs', timeoutMs);
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
    const abort = (): void => settle(new PolicyError('aborted', 'waiting was aborted', { cause: signal?.reason }));
    const closed = (): void => settle(new PolicyError('closed', 'the policy was closed'));
    const late = (): void => settle(new PolicyError('timeout', `it did not come true within ${timeoutMs} ms`));
    const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
    const stop = watch(look);
    signal?.addEventListener('abort', abort, { once: true });
    end.addEventListener('abort', closed, { once: true });
    if (signal?.aborted) abort();
    else if (end.aborted) closed();
    else look();
  });
}
