import type { PolicyPhase } from '@dirgate/policy';

/** What came of a shadow policy so far. */
export interface ShadowMetrics {
  /** Of the shadow policy in force; `undefined` while there is none. */
  readonly revision: string | undefined;
  /** Decisions that it was asked. */
  readonly judged: number;
  /** Of these: it would have allowed what was refused, or refused what was allowed. */
  readonly otherVerdicts: number;
  /** Of these: the same verdict, for other reasons. */
  readonly otherReasons: number;
  /** Of those judged: it could not answer, which counts as a refusal. */
  readonly failed: number;
  /**
   * Decisions that it was not asked: too many waited, it does not judge their phase, it reads facts that the enforced policy
   * did not ask for, or there is no such policy.
   */
  readonly skipped: number;
  /** Phases that it would judge and is never asked about, as the enforced policy is not: nothing is known of what it does there. */
  readonly unaskedPhases: readonly PolicyPhase[];
}
