import { requireInRange } from '../number-range.js';
import { WorkloadApiError } from '../workload-api-error.js';

/** How long {@link waitFor} waits. */
export interface WaitForOptions {
  readonly signal?: AbortSignal;
  /** Default: for ever. */
  readonly timeoutMs?: number;
}

/** What {@link waitFor} looks at. */
export interface WaitForSource {
  /** Whether what is waited for is there. */
  readonly holds: () => boolean;
  /** Calls `look` whenever that may have changed; returns functions that stop it. */
  readonly watch: (look: () => void) => readonly (() => void)[];
  /** Aborted when nothing will change any more. */
  readonly end: AbortSignal;
}

/**
 * Resolves once `holds()` is true: now, or after a change.
 *
 * @throws WorkloadApiError `timeout`, `aborted`, `closed`, `option_invalid`; and what `holds` throws
 */
export async function waitFor({ holds, watch, end }: WaitForSource, options: WaitForOptions): Promise<void> {
  const { signal, timeoutMs } = options;
  if (timeoutMs !== undefined) requireInRange('timeoutMs', timeoutMs);
  return new Promise<void>((resolve, reject) => {
    const settle = (error?: unknown): void => {
      clearTimeout(timer);
      for (const stop of stops) stop();
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
    const abort = (): void => settle(new WorkloadApiError('aborted', 'waiting was aborted', { cause: signal?.reason }));
    const closed = (): void => settle(new WorkloadApiError('closed', 'the identity was closed'));
    const late = (): void => settle(new WorkloadApiError('timeout', `it did not come true within ${timeoutMs} ms`));
    const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
    const stops = watch(look);
    signal?.addEventListener('abort', abort, { once: true });
    end.addEventListener('abort', closed, { once: true });
    if (signal?.aborted) abort();
    else if (end.aborted) closed();
    else look();
  });
}
