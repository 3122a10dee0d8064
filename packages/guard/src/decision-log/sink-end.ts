import { within } from '../within.js';
import type { DecisionQueue } from './decision-queue.js';

/** Where lines go on to from a queue. */
interface LineTarget {
  /** Resolves when every line so far is out, or was dropped. */
  flush(): Promise<void>;
  /** What waits is dropped. */
  close(): void;
}

/** How a sink of a queue and a target comes to its end. */
export interface SinkEnd extends AsyncDisposable {
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Flushes the queue and then the target; closing tries that for `closeTimeoutMs`, once, and never rejects. */
export function createSinkEnd(queue: DecisionQueue, target: LineTarget, closeTimeoutMs: number): SinkEnd {
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= within(
      closeTimeoutMs,
      queue.close().then(() => target.flush()),
    ).then(() => target.close());
    return closing;
  };
  return {
    flush: async () => {
      await queue.flush();
      await target.flush();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
