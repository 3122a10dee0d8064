import type { ChangeSource } from '@dirgate/spiffe';

/** Resolves once `condition` holds, looking at it after each change: a barrier, not a sleep. */
export function eventually(source: ChangeSource, condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = source.onChange(check);
    function check(): void {
      if (!condition()) return;
      stop();
      resolve();
    }
    check();
  });
}
