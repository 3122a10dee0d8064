import { type FuzzInput, type FuzzTarget, outcomeOf } from './fuzz-target.js';

const SLOW_MS = 50;
const REPEATS = 3;

/** Something that must not be. `at` is the execution that shows it. */
export interface FuzzFinding {
  readonly kind: 'foreign' | 'slow' | 'good input refused';
  readonly at: number;
  readonly what: string;
}

/** What the executions of one target came to. */
export interface FuzzResult {
  readonly executions: number;
  readonly accepted: number;
  /** Codes by which inputs were refused. */
  readonly codes: readonly string[];
  readonly slowestMs: number;
  readonly findings: readonly FuzzFinding[];
}

/** The text that decides execution `at`: any of them can be had alone. */
export const seedOf = (seed: string, target: FuzzTarget, at: number): string => `${seed}/${target.name}/${at}`;

/**
 * Runs `target` on its good inputs, which it must accept, and on the changed inputs `from` to below `to`. `onProgress` is told how
 * far it came, before every `step`th execution. What took longer than 50 ms is run again three times, and counts only if it took
 * longer each time: a neighbour on the machine is slow once, a parser always.
 */
export function runTarget(
  target: FuzzTarget,
  seed: string,
  from: number,
  to: number,
  { step = 500, onProgress = () => undefined }: { readonly step?: number; readonly onProgress?: (at: number) => void } = {},
): FuzzResult {
  const findings = refusedGoodInputs(target);
  const codes = new Set<string>();
  let accepted = 0;
  let slowestMs = 0;
  for (let at = from; at < to; at++) {
    if ((at - from) % step === 0) onProgress(at);
    const input = target.input(seedOf(seed, target, at));
    const startedAt = performance.now();
    let firstMs = 0;
    try {
      const outcome = outcomeOf(input);
      firstMs = performance.now() - startedAt;
      if ('code' in outcome) codes.add(outcome.code);
      else {
        accepted++;
        input.check(outcome.value);
      }
      input.compare(outcome);
    } catch (error) {
      findings.push({ kind: 'foreign', at, what: String(error) });
    }
    if (firstMs <= Math.min(slowestMs, SLOW_MS)) continue;
    const steadyMs = Math.min(firstMs, ...Array.from({ length: REPEATS }, () => costMs(input)));
    slowestMs = Math.max(slowestMs, steadyMs);
    if (steadyMs > SLOW_MS) findings.push({ kind: 'slow', at, what: `${steadyMs.toFixed(0)} ms` });
  }
  return { executions: to - from, accepted, codes: [...codes].sort(), slowestMs, findings };
}

function refusedGoodInputs(target: FuzzTarget): FuzzFinding[] {
  return target.good.map(outcomeOf).flatMap((outcome, at) => {
    return 'code' in outcome ? [{ kind: 'good input refused', at, what: outcome.code } as const] : [];
  });
}

function costMs({ execute }: FuzzInput): number {
  const startedAt = performance.now();
  try {
    execute();
  } catch {
    // seen before
  }
  return performance.now() - startedAt;
}
