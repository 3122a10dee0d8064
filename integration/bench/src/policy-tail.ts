import type { Arm } from './paired-comparison.js';
import type { Decide } from './policy-arms.js';

/** Calls of a server come one every so often, whatever became of those before them. */
const ARRIVAL_MS = 1;
/** Where hostile calls stand in each hundred. */
const PLACES = [33, 66];

/** What {@link tailArm} measures. */
export interface TailSettings {
  readonly decide: Decide;
  /** One of each in every hundred calls. */
  readonly hostile: readonly (() => void)[];
  /** Whether what a call waits for those before it belongs to its time. */
  readonly waits: boolean;
  /** Now, in ms. */
  readonly now?: () => number;
}

/**
 * Honest decisions, with hostile ones among them. A block's seconds are the 99th percentile of the honest ones. Decisions are
 * taken one right after the other, and what each would have waited follows from what they took.
 */
export function tailArm({ decide, hostile, waits, now = () => performance.now() }: TailSettings): Arm {
  let next = 0;
  return {
    run: async (count) => {
      const { user, system } = process.cpuUsage();
      const times: number[] = [];
      let freeAt = 0;
      for (let call = 0; times.length < count; call++) {
        const attack = hostile[PLACES.indexOf(call % 100)];
        const startedAt = now();
        if (attack === undefined) decide(next++);
        else attack();
        const took = now() - startedAt;
        const arrival = call * ARRIVAL_MS;
        freeAt = Math.max(arrival, freeAt) + took;
        if (attack === undefined) times.push(waits ? freeAt - arrival : took);
      }
      const used = process.cpuUsage({ user, system });
      return { seconds: percentile99(times) / 1000, cpuMicros: used.user + used.system };
    },
  };
}

function percentile99(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.ceil(values.length * 0.99) - 1] ?? Number.NaN;
}
