import type { Decision, Policy, PolicySource } from '@dirgate/policy';
import { sizeOfResource } from '../catalogue/resource-size.js';
import type { DecisionEvent } from '../decision-log/decision-event.js';
import { type AskedFacts, askedBy, type DecisionRecorder } from '../decision-log/decision-recorder.js';
import { GuardError } from '../guard-error.js';
import { DecisionCache } from './decision-cache.js';
import { createDecisionInput } from './decision-input.js';
import type { ShadowMetrics } from './shadow-metrics.js';

/** A policy that is tried out: it is asked what the enforced one was asked, and decides nothing. */
export interface ShadowOptions {
  readonly policy: PolicySource;
  /** The share of decisions that it is asked too, above 0 and at most 1; default 1. */
  readonly sample?: number;
}

/** What waits keeps alive what callers sent, so it is little, by number and by the text in it. */
const MAX_WAITING = 10_000;
const MAX_WAITING_SIZE = 16 * 1024 * 1024;
/** Evaluating longer in one turn of the event loop would hold up the calls. */
const TURN_MS = 5;

/**
 * Asks a second policy after the enforced one has decided, in turns of the event loop of their own. It is given events and
 * nothing else: there is no way from here to a verdict.
 */
export class ShadowPolicy {
  readonly #source: PolicySource;
  readonly #enforced: PolicySource;
  readonly #sample: number;
  readonly #random: () => number;
  readonly #recorder: () => DecisionRecorder;
  readonly #caches = new WeakMap<Policy, DecisionCache | undefined>();
  #waiting: DecisionEvent[] = [];
  #waitingSize = 0;
  #scheduled = false;
  #judged = 0;
  #otherVerdicts = 0;
  #otherReasons = 0;
  #failed = 0;
  #skipped = 0;

  /**
   * `recorder` is asked for when the first difference is told.
   *
   * @throws {GuardError} `config_invalid` for the policy that is enforced, or a share that is none
   */
  constructor(
    { policy, sample = 1 }: ShadowOptions,
    enforced: PolicySource,
    recorder: () => DecisionRecorder,
    random: () => number = Math.random,
  ) {
    const current = policy.current();
    if (policy === enforced || (current !== undefined && current === enforced.current())) {
      throw new GuardError('config_invalid', 'shadow.policy is the policy that is enforced: give another one, or none');
    }
    if (!(sample > 0 && sample <= 1)) {
      throw new GuardError('config_invalid', `shadow.sample must be above 0 and at most 1; got ${sample}`);
    }
    this.#source = policy;
    this.#enforced = enforced;
    this.#sample = sample;
    this.#random = random;
    this.#recorder = recorder;
  }

  /** Says in the decision log that a policy is tried out: nobody must find out by chance. */
  start(): void {
    const shadow = { revision: currentOf(this.#source)?.revision ?? 'none' };
    this.#recorder().note({ method: '', step: 'shadow', peerAddress: '', shadow }, 'shadow_started', false, []);
  }

  /** Takes what the enforced policy decided. */
  take(event: DecisionEvent): void {
    const asked = event.step === 'shadow' ? undefined : askedBy(event);
    if (asked === undefined) {
      return; // no decision of a policy
    }
    if (this.#sample < 1 && this.#random() >= this.#sample) {
      return;
    }
    const size = sizeOfResource(asked.resource);
    if (this.#waiting.length >= MAX_WAITING || this.#waitingSize + size > MAX_WAITING_SIZE) {
      this.#skipped += 1;
      return;
    }
    this.#waiting.push(event);
    this.#waitingSize += size;
    this.#schedule();
  }

  metrics(): ShadowMetrics {
    const policy = currentOf(this.#source);
    const asked = currentOf(this.#enforced)?.phases ?? [];
    return Object.freeze({
      revision: policy?.revision,
      judged: this.#judged,
      otherVerdicts: this.#otherVerdicts,
      otherReasons: this.#otherReasons,
      failed: this.#failed,
      skipped: this.#skipped,
      unaskedPhases: Object.freeze((policy?.phases ?? []).filter((phase) => !asked.includes(phase))),
    });
  }

  #schedule(): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => this.#turn());
    }
  }

  #turn(): void {
    this.#scheduled = false;
    const until = performance.now() + TURN_MS;
    let count = 0;
    do {
      const event = this.#waiting[count];
      if (event === undefined) {
        break;
      }
      count += 1;
      this.#judgeSafely(event);
    } while (performance.now() < until);
    this.#waiting = this.#waiting.slice(count);
    if (this.#waiting.length > 0) {
      this.#schedule();
    }
  }

  /** Never throws: a policy of another make may answer anything, and this runs where a throw ends the process. */
  #judgeSafely(event: DecisionEvent): void {
    try {
      this.#judge(event);
    } catch {
      this.#failed += 1;
    }
  }

  #judge(event: DecisionEvent): void {
    const asked = askedBy(event);
    this.#waitingSize -= asked === undefined ? 0 : sizeOfResource(asked.resource);
    const policy = currentOf(this.#source);
    if (asked === undefined || policy === undefined) {
      this.#skipped += 1;
      return;
    }
    const { phase } = asked;
    if (!policy.phases.includes(phase) || (event.undescribed === true && policy.reads('resource', 'properties'))) {
      this.#skipped += 1;
      return;
    }
    this.#judged += 1;
    const { allow, reasons } = this.#ask(policy, asked);
    const sameVerdict = allow === event.allow;
    if (sameVerdict && sameReasons(reasons, event.reasons)) {
      return;
    }
    if (sameVerdict) {
      this.#otherReasons += 1;
    } else {
      this.#otherVerdicts += 1;
    }
    const shadow = { revision: policy.revision, decision: event.id, phase, allow, reasons };
    const { method, peerAddress, subject, credential, generation, revision, traceId, spanId } = event;
    const trace = traceId === undefined || spanId === undefined ? undefined : { traceId, spanId };
    const facts = { method, peerAddress, subject, credential, generation, revision, trace, resource: asked.resource, shadow };
    this.#recorder().note({ ...facts, step: 'shadow' }, 'shadow_differs', event.allow, event.reasons);
  }

  #ask(policy: Policy, { context, phase, resource, now }: AskedFacts): Pick<Decision, 'allow' | 'reasons'> {
    try {
      const evaluate = (): Decision => policy.decide(createDecisionInput(context, phase, resource, now));
      const decision = this.#cacheOf(policy)?.decide(context, phase, resource, evaluate) ?? evaluate();
      return { allow: decision.allow === true, reasons: decision.reasons };
    } catch {
      this.#failed += 1;
      return { allow: false, reasons: ['policy_failed'] };
    }
  }

  #cacheOf(policy: Policy): DecisionCache | undefined {
    if (!this.#caches.has(policy)) {
      this.#caches.set(policy, DecisionCache.for(policy));
    }
    return this.#caches.get(policy);
  }
}

function currentOf(source: PolicySource): Policy | undefined {
  try {
    return source.current();
  } catch {
    return undefined;
  }
}

/** Their order says nothing. */
function sameReasons(first: readonly string[], second: readonly string[]): boolean {
  return first === second || (first.length === second.length && first.toSorted().join('\n') === second.toSorted().join('\n'));
}
