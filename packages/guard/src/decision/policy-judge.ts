import { type Decision, type Policy, PolicyError, type PolicySource } from '@dirgate/policy';
import type { MessageRule, Phase } from '../catalogue/catalogue.js';
import { type Deserialize, DeserializerProbe } from '../catalogue/deserializer-probe.js';
import type { MessageLayout } from '../catalogue/message-layout.js';
import { createResourceReader, type MessageOrigin, type Resource, type ResourceReader } from '../catalogue/resources.js';
import { GuardCounters } from '../guard-metrics.js';
import { Failure } from '../refusal.js';
import { DecisionCache } from './decision-cache.js';
import { createDecisionInput, type DecisionContext } from './decision-input.js';
import type { DescribedFacts, ResourceDescriber } from './describe.js';
import { describeAll } from './describe-all.js';
import { TurnBudget } from './turn-budget.js';

/** A decision that allowed. */
export type Allowed = Pick<Decision, 'reasons' | 'revision'>;

/** What refused, and what it was about. */
export class PolicyFailure extends Failure {
  readonly resource: Resource;
  readonly revision: string;
  /** The time that the policy was told. */
  readonly now: number;

  constructor(failure: Failure, resource: Resource, revision: string, now: number) {
    super(failure.code, failure.reasons, failure.rule);
    this.resource = resource;
    this.revision = revision;
    this.now = now;
  }
}

/**
 * Why no call can be judged by this policy, if so. Without phase `call` a handler would start, and answer, before
 * anything was decided.
 */
export function unsupportedPhases(policy: Policy): Failure | undefined {
  return policy.phases.includes('call') ? undefined : new Failure('policy_failed', ['call_phase_missing']);
}

/** Asks the policy. One decision per resource; all must allow. */
export class PolicyJudge {
  /** Of the turn, what evaluations have taken: who asks for many decisions gives way when it is spent. */
  readonly turn: TurnBudget;
  readonly #source: PolicySource;
  readonly #describe: ResourceDescriber | undefined;
  readonly #layout: MessageLayout;
  readonly #counters: GuardCounters;
  readonly #readers = new WeakMap<MessageRule, ResourceReader>();
  readonly #probes = new WeakMap<MessageRule, DeserializerProbe>();
  /** Per revision: a new one starts empty. */
  readonly #caches = new WeakMap<Policy, DecisionCache | undefined>();

  constructor(
    source: PolicySource,
    layout: MessageLayout,
    describe: ResourceDescriber | undefined,
    counters = new GuardCounters(),
    turn = new TurnBudget(),
  ) {
    this.turn = turn;
    this.#source = source;
    this.#layout = layout;
    this.#describe = describe;
    this.#counters = counters;
  }

  /** The policy to hold on to for one call. @throws {Failure} `policy_missing` */
  currentPolicy(): Policy {
    const policy = this.#source.current();
    if (policy === undefined) {
      throw new Failure('policy_missing');
    }
    return policy;
  }

  /** How much is remembered of the answers of the policy in force. Never throws. */
  get cacheEntries(): number {
    try {
      const policy = this.#source.current();
      return (policy && this.#caches.get(policy)?.size) ?? 0;
    } catch {
      return 0;
    }
  }

  /** Prepares the reader of a message rule, so that a bad catalogue fails at start. @throws {GuardError} */
  prepare(rule: MessageRule | undefined, origin: MessageOrigin): void {
    if (rule !== undefined) {
      const reader = createResourceReader(rule, this.#layout, origin);
      this.#readers.set(rule, reader);
      this.#probes.set(rule, new DeserializerProbe(rule, reader));
    }
  }

  /** Whether messages that this code of a server makes are read as what their bytes say. */
  reads(rule: MessageRule | undefined, deserialize: Deserialize): boolean {
    return rule === undefined || this.#probes.get(rule)?.fits(deserialize) === true;
  }

  /** Judges one resource that is known in full. @throws {PolicyFailure} */
  judge(policy: Policy, context: DecisionContext, phase: Phase, resource: Resource, now: number): Allowed {
    const evaluate = (): Decision => this.turn.spend(() => policy.decide(createDecisionInput(context, phase, resource, now)));
    let decision: Decision;
    try {
      const cache = this.#cacheOf(policy);
      decision = cache === undefined ? evaluate() : cache.decide(context, phase, resource, evaluate);
    } catch (error) {
      const reasons = error instanceof PolicyError ? [error.code] : [];
      throw new PolicyFailure(new Failure('policy_failed', reasons), resource, policy.revision, now);
    }
    if (decision.allow !== true) {
      throw new PolicyFailure(new Failure('policy_denied', decision.reasons), resource, decision.revision, now);
    }
    return decision;
  }

  #cacheOf(policy: Policy): DecisionCache | undefined {
    if (!this.#caches.has(policy)) {
      this.#caches.set(policy, DecisionCache.for(policy, this.#counters));
    }
    return this.#caches.get(policy);
  }

  /** Whether facts that `describe` knows are left out of what the policy is asked, because it reads none. */
  leavesUndescribed(policy: Policy): boolean {
    return this.#describe !== undefined && !policy.reads('resource', 'properties');
  }

  /**
   * The resources of one message with all facts that the policy asks for. A promise only when `describe` answers with
   * one. `known` is what the call was told by `describe` before; `requireLive` throws once the call has ended, and then
   * nothing more is asked.
   *
   * @throws {Failure} also as a rejection
   */
  resourcesOf(
    policy: Policy,
    rule: MessageRule,
    message: unknown,
    known: DescribedFacts,
    requireLive: () => void,
  ): readonly Resource[] | Promise<readonly Resource[]> {
    const reader = this.#readers.get(rule);
    if (reader === undefined) {
      throw new Failure('message_unreadable', ['no_resource_rule_applies']);
    }
    const resources = reader(message);
    const describe = this.#describe;
    if (describe === undefined || !policy.reads('resource', 'properties')) {
      return resources;
    }
    return describeAll(resources, (resource) => {
      requireLive();
      return describe(resource, known);
    });
  }
}
