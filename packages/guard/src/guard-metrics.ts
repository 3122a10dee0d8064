import type { ShadowMetrics } from './decision/shadow-metrics.js';
import type { DecisionEvent } from './decision-log/decision-event.js';
import { FAILURE_CODES, type FailureCode } from './refusal.js';

/** What a guard has counted since it was made, and what it holds now. A frozen copy: it does not change any more. */
export interface GuardMetrics {
  /** Decisions, failed authentications and revocations, as they are told to `onDecision`. */
  readonly decisions: {
    readonly allowed: number;
    /** By code; every code is there. */
    readonly refused: Readonly<Record<FailureCode, number>>;
  };
  /** The decision cache. Both counts leave out policies whose answers must not be remembered. */
  readonly cache: {
    readonly hits: number;
    readonly misses: number;
    /** Entries that are held for the policy in force: a decision each, and one for each caller and method. */
    readonly entries: number;
  };
  /** Response messages that the policy refused: left out of their stream, or turned into PERMISSION_DENIED. */
  readonly filteredResponses: number;
  /** Admitted calls that have not ended. */
  readonly liveCalls: number;
  /** Connections that have been begun and have not ended. */
  readonly connections: number;
  /** Present while a policy is tried out: alert on it, so that none is left on. */
  readonly shadow?: ShadowMetrics;
}

/** What is held at the moment of a snapshot; counted elsewhere. */
export interface GuardGauges {
  readonly cacheEntries: number;
  readonly liveCalls: number;
  readonly connections: number;
  readonly shadow?: ShadowMetrics | undefined;
}

/** Counts what a guard does. Counting is one addition, as it happens on the path of every call. */
export class GuardCounters {
  allowed = 0;
  cacheHits = 0;
  cacheMisses = 0;
  filteredResponses = 0;
  readonly #refused = new Map<FailureCode, number>();

  refused(code: FailureCode, step: DecisionEvent['step']): void {
    if (step === 'response' && code === 'policy_denied') {
      this.filteredResponses += 1;
    }
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
  }

  snapshot({ cacheEntries, liveCalls, connections, shadow }: GuardGauges): GuardMetrics {
    const refused = Object.fromEntries(FAILURE_CODES.map((code) => [code, this.#refused.get(code) ?? 0]));
    return Object.freeze({
      decisions: Object.freeze({
        allowed: this.allowed,
        refused: Object.freeze(refused as Record<FailureCode, number>),
      }),
      cache: Object.freeze({ hits: this.cacheHits, misses: this.cacheMisses, entries: cacheEntries }),
      filteredResponses: this.filteredResponses,
      liveCalls,
      connections,
      ...(shadow !== undefined && { shadow }),
    });
  }
}
