import type { Policy } from '@dirgate/policy';
import { type Authentication, bundleOf } from './authentication/authenticator.js';
import type { Connection } from './authentication/connection.js';
import type { Watched } from './authentication/sweep.js';
import type { Caller } from './caller.js';
import type { MessageRule, MethodRule, Phase } from './catalogue/catalogue.js';
import type { Deserialize } from './catalogue/deserializer-probe.js';
import type { Resource } from './catalogue/resources.js';
import type { DecisionContext, Method } from './decision/decision-input.js';
import type { DescribedFacts } from './decision/describe.js';
import { PolicyFailure, unsupportedPhases } from './decision/policy-judge.js';
import type { RecordedFacts } from './decision-log/decision-recorder.js';
import type { TraceParent } from './decision-log/trace-parent.js';
import type { GuardCore } from './guard-core.js';
import { Failure, type Refusal } from './refusal.js';

/** A verdict on one message: allowed (`undefined`) or refused. */
export type Verdict = Refusal | undefined;

type MessagePhase = 'request' | 'response';

const NOT_ASKED = { resource: undefined, revision: undefined, now: undefined };

/**
 * A call that was allowed to start. The adapter asks it about each message, and ends the call when it is told to.
 */
export class GuardedCall implements Watched {
  readonly #core: GuardCore;
  readonly #connection: Connection;
  readonly #context: DecisionContext;
  readonly #trace: TraceParent | undefined;
  readonly #deserialize: Deserialize | undefined;
  #authentication: Authentication;
  #generation: number | undefined;
  #policy!: Policy;
  /** Of the policy in force and the method's catalogue entry: what both name. */
  #judgesRequests = false;
  #judgesResponses = false;
  #leavesUndescribed = false;
  #onRevoked: ((refusal: Refusal) => void) | undefined;
  #ended = false;
  #seesMessages = true;
  /** What `describe` answered in this call; gone with it. */
  readonly #described: DescribedFacts = new Map();
  readonly #judgedInPass: number;

  constructor(
    core: GuardCore,
    connection: Connection,
    authentication: Authentication,
    method: Method,
    policy: Policy,
    trace: TraceParent | undefined,
    deserialize: Deserialize | undefined,
  ) {
    this.#core = core;
    this.#deserialize = deserialize;
    this.#connection = connection;
    this.#authentication = authentication;
    this.#generation = core.recorder.generationOf(bundleOf(authentication));
    this.#trace = trace;
    this.#context = { caller: authentication, method, server: core.server(), peerAddress: connection.peerAddress };
    this.#judgedInPass = core.sweep.passes;
    this.#adopt(policy);
  }

  get caller(): Caller {
    return this.#context.caller.caller;
  }

  /** Whether each request message must be given to {@link judgeRequest}. A change of policy may change it. */
  get judgesRequests(): boolean {
    return this.#judgesRequests;
  }

  /** Whether each response message must be given to {@link judgeResponse}. A change of policy may change it. */
  get judgesResponses(): boolean {
    return this.#judgesResponses;
  }

  /** What the catalogue says should become of a request stream with a refused message; `undefined`: the default. */
  get refusedMessage(): MethodRule['refusedMessage'] {
    return this.#context.method.rule.refusedMessage;
  }

  /** Judges phase `call`. */
  judgeCall(now: number): Verdict {
    return this.#safely('call', () => {
      this.#requireReadable();
      this.#judge('call', this.#context.method.service, now);
    });
  }

  /**
   * Judges one request message: each resource that it names is a decision, all must allow. A promise while `describe` is
   * waited for, or the next turn of the event loop, once evaluations have filled this one; it never rejects. Never throws.
   */
  judgeRequest(message: unknown): Verdict | Promise<Verdict> {
    return this.#judgeMessage('request', this.#context.method.rule.request, message);
  }

  /**
   * The same for one response message. `policy_denied` is the policy's verdict on this message: on a response stream the
   * adapter leaves the message out and goes on. Any other code means that there is no verdict: it ends the call.
   */
  judgeResponse(message: unknown): Verdict | Promise<Verdict> {
    return this.#judgeMessage('response', this.#context.method.rule.response, message);
  }

  /** Refuses the call for what became of a response in the adapter. `reason` is a stable code for the audit trail. */
  refuseResponse(reason: 'response_changed' | 'response_out_of_turn'): Refusal {
    return this.#refuse('response', new Failure('guard_failed', [reason]));
  }

  /**
   * From now on the call ends, by way of `onRevoked`, when what it was allowed by does not hold any more. An adapter
   * that will not show the messages of this call says so: a later policy that judges them ends the call.
   */
  watch(onRevoked: (refusal: Refusal) => void, seesMessages = true): void {
    this.#onRevoked = onRevoked;
    this.#seesMessages = seesMessages;
    const { sweep } = this.#core;
    sweep.calls.add(this);
    if (sweep.passes !== this.#judgedInPass) {
      sweep.scheduleAll(); // something changed between the verdict and now, and nobody told this call
    }
  }

  /** The call is over: it is not watched any more. May be called more than once. */
  end(): void {
    this.#ended = true;
    this.#onRevoked = undefined;
    this.#core.sweep.calls.delete(this);
  }

  /** When the identity ends, its grace included. */
  get dueAt(): number {
    return this.#core.endOf(this.#authentication);
  }

  /** Ends the call when what it was allowed by does not hold any more. */
  check(now: number): void {
    const refusal = this.#safely('revocation', () => {
      this.#authentication = this.#core.reauthenticate(this.#connection, this.#authentication, now);
      this.#generation = this.#core.recorder.generationOf(bundleOf(this.#authentication));
      const policy = this.#core.judge.currentPolicy();
      if (policy !== this.#policy) {
        this.#adopt(policy);
        this.#requireJudgeable(policy);
        this.#core.judge.judge(policy, this.#context, 'call', this.#context.method.service, now);
      }
    });
    const onRevoked = this.#onRevoked;
    if (refusal !== undefined && onRevoked !== undefined) {
      this.end();
      onRevoked(refusal);
    }
  }

  #adopt(policy: Policy): void {
    const { phases } = this.#context.method.rule;
    this.#policy = policy;
    this.#judgesRequests = phases.includes('request') && policy.phases.includes('request');
    this.#judgesResponses = phases.includes('response') && policy.phases.includes('response');
    this.#leavesUndescribed = this.#core.judge.leavesUndescribed(policy);
  }

  #requireJudgeable(policy: Policy): void {
    const unsupported = unsupportedPhases(policy);
    if (unsupported !== undefined) {
      throw unsupported;
    }
    if (!this.#seesMessages && (this.#judgesRequests || this.#judgesResponses)) {
      throw new Failure('guard_failed', ['messages_unseen']);
    }
    this.#requireReadable();
  }

  /** Before a handler starts: its messages would be refused one by one, or read as less than they say. */
  #requireReadable(): void {
    const [deserialize, { request }] = [this.#deserialize, this.#context.method.rule];
    if (this.#judgesRequests && deserialize !== undefined && !this.#core.judge.reads(request, deserialize)) {
      throw new Failure('guard_failed', ['messages_unfit']);
    }
  }

  #judgeMessage(phase: MessagePhase, rule: MessageRule | undefined, message: unknown): Verdict | Promise<Verdict> {
    let rest: Promise<void> | undefined;
    const refusal = this.#safely(phase, () => {
      rest = this.#judgeWhole(phase, rule, message, () => this.#judgeWhole(phase, rule, message));
    });
    return rest === undefined
      ? refusal
      : rest.then(
          () => undefined,
          (error: unknown) => this.#refuse(phase, error),
        );
  }

  /** Reads the message, and judges what it names. Throws or rejects with what refuses it. */
  #judgeWhole(
    phase: MessagePhase,
    rule: MessageRule | undefined,
    message: unknown,
    again?: () => Promise<void> | undefined,
  ): Promise<void> | undefined {
    if (rule === undefined) {
      throw new Failure('message_unreadable', ['no_resource_rule_applies']);
    }
    const resources = this.#core.judge.resourcesOf(this.#policy, rule, message, this.#described, () => this.#requireLive());
    return resources instanceof Promise
      ? resources.then((late) => this.#goOn(phase, () => this.#judgeAll(phase, late, again)))
      : this.#judgeAll(phase, resources, again);
  }

  /**
   * Gives way to other calls when evaluations have filled the turn. A message is never judged by two policies: if there is
   * another one by then, `again` judges all of it, and gives way no more, so that no message waits for ever.
   */
  #judgeAll(
    phase: MessagePhase,
    resources: readonly Resource[],
    again: (() => Promise<void> | undefined) | undefined,
    from = 0,
  ): Promise<void> | undefined {
    const now = this.#core.now();
    const { turn } = this.#core.judge;
    for (let index = from; index < resources.length; index += 1) {
      if (again !== undefined && turn.isSpent) {
        const policy = this.#policy;
        return turn.later(() =>
          this.#goOn(phase, policy === this.#policy ? () => this.#judgeAll(phase, resources, again, index) : again),
        );
      }
      this.#judge(phase, resources[index] as Resource, now);
    }
    return undefined;
  }

  /** After a wait: the call may have ended, and the policy in force may not ask for such messages any more. */
  #goOn(phase: MessagePhase, judge: () => Promise<void> | undefined): Promise<void> | undefined {
    this.#requireLive();
    return (phase === 'request' ? this.#judgesRequests : this.#judgesResponses) ? judge() : undefined;
  }

  #requireLive(): void {
    if (this.#ended) {
      throw new Failure('call_ended');
    }
  }

  #judge(phase: Phase, resource: Resource, now: number): void {
    const { reasons, revision } = this.#core.judge.judge(this.#policy, this.#context, phase, resource, now);
    this.#core.recorder.allowed(this.#facts(phase, revision, resource, now), reasons);
  }

  #safely(step: Phase | 'revocation', run: () => void): Verdict {
    try {
      run();
      return undefined;
    } catch (error) {
      return this.#refuse(step, error);
    }
  }

  #refuse(step: Phase | 'revocation', error: unknown): Refusal {
    const failure = error instanceof Failure ? error : new Failure('guard_failed');
    const { resource, revision, now } = failure instanceof PolicyFailure ? failure : NOT_ASKED;
    return this.#core.recorder.refused(this.#facts(step, revision ?? this.#policy.revision, resource, now), failure);
  }

  #facts(step: Phase | 'revocation', revision: string, resource: Resource | undefined, now: number | undefined): RecordedFacts {
    const { subject, caller } = this.#context.caller;
    return {
      method: this.#context.method.path,
      step,
      peerAddress: this.#connection.peerAddress,
      subject: subject.id,
      credential: caller.credential,
      generation: this.#generation,
      revision,
      trace: this.#trace,
      resource,
      undescribed: this.#leavesUndescribed && resource?.describedBy !== undefined,
      context: this.#context,
      now,
    };
  }
}
