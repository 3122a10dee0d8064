import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 50;

/** A source of change, as the Workload API client is one. */
interface Changing {
  onChange(listener: () => void): () => void;
}

/** Resolves as soon as `holds`, looked at after every change of `source`; rejects with `what` at the limit. */
export function changedTo(source: Changing, what: string, holds: () => boolean, limitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = source.onChange(look);
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`${what}: not within ${limitMs / 1000} s`));
    }, limitMs);
    function look(): void {
      if (!holds()) return;
      stop();
      clearTimeout(timer);
      resolve();
    }
    look();
  });
}

/** Resolves as soon as `holds`, for what tells nobody of its changes; rejects with `what` at the limit. */
export async function seenThat(what: string, holds: () => boolean | Promise<boolean>, limitMs: number): Promise<void> {
  const until = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > until) throw new Error(`${what}: not within ${limitMs / 1000} s`);
    await delay(LOOK_EVERY_MS);
  }
}

/** The value of `promise`, or a rejection with `what` at the limit. */
export async function within<Value>(what: string, limitMs: number, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
