import type { Policy } from '@dirgate/policy';
import type { IdentitySource } from '@dirgate/spiffe';
import { type AcceptMode, Authenticator, bundleOf } from './authentication/authenticator.js';
import { Connection, type ConnectionFacts } from './authentication/connection.js';
import { PeerTrust } from './authentication/peer-trust.js';
import { Sweep } from './authentication/sweep.js';
import type { Catalogue } from './catalogue/catalogue.js';
import { layoutOf } from './catalogue/message-generator.js';
import { createMethod, type Method } from './decision/decision-input.js';
import { createResourceDescriber } from './decision/describe.js';
import { PolicyJudge, unsupportedPhases } from './decision/policy-judge.js';
import { ShadowPolicy } from './decision/shadow-policy.js';
import { TurnBudget } from './decision/turn-budget.js';
import { combineDecisionSinks } from './decision-log/decision-event.js';
import { DecisionRecorder } from './decision-log/decision-recorder.js';
import { parseTraceParent } from './decision-log/trace-parent.js';
import { GuardCore, ownIdentityEnd } from './guard-core.js';
import { GuardError } from './guard-error.js';
import { GuardCounters, type GuardMetrics } from './guard-metrics.js';
import { checkOptions, type GuardOptions, homeOf } from './guard-options.js';
import { GuardedCall } from './guarded-call.js';
import { Failure, type Refusal } from './refusal.js';

/** What a transport knows of a call before its first message. */
export interface CallFacts {
  readonly connection: Connection;
  /** `/package.Service/Method` as registered with the server, never as the client spelled it (TG-1). */
  readonly method: string;
  /** All values of the `authorization` header. */
  readonly authorization: readonly string[];
  /** All values of the `traceparent` header, for the decision log. */
  readonly traceparent?: readonly string[];
  /** The server's own code for request messages, to try whether its messages can be read. Without it each message must show. */
  readonly deserialize?: (bytes: Buffer) => unknown;
}

/** Whether a call may start. */
export type Admission =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'admitted'; readonly call: GuardedCall };

/** Turns facts about calls into verdicts. Made by {@link createGuard}, used by the adapters. */
export interface Guard {
  readonly accept: AcceptMode;
  /** For the adapter's TLS: what to present, and when it changes. */
  readonly identity: IdentitySource;
  /** How many admitted calls have not ended. */
  readonly liveCalls: number;
  /** How many connections have been begun and not ended. */
  readonly connections: number;
  /** Counts and gauges for whatever collects metrics. Asking costs a small object. */
  metrics(): GuardMetrics;
  /**
   * Begins a connection. Nothing is verified before its first call. `askToRenew` is called, at most once, when the peer
   * should dial anew while the calls of this connection run out: ahead of the end of what either side presented, and
   * after a refusal for what it presented. A throw of it is ignored. Pass the connection to {@link disconnect} when it ends.
   */
  connect(facts: ConnectionFacts, askToRenew?: () => void): Connection;
  /** The connection has ended: it is not watched any more. */
  disconnect(connection: Connection): void;
  /** Authenticates a call and decides its phase `call`. Synchronous; never throws. */
  admit(facts: CallFacts): Admission;
  /** Refuses a call of which the adapter could not read enough to ask {@link admit}. */
  refuseUnread(method: string): Refusal;
  /**
   * Stops watching identity and policy. Live calls end, since nothing watches over them any more, and every later call
   * is refused: shut the server down first.
   */
  close(): void;
}

/**
 * Builds a guard: who calls is proven by SPIFFE (X.509-SVID, JWT-SVID), what they may do is decided by the policy, and
 * every decision goes to `onDecision`. Side effects: it listens to `identity` and `policy` and holds one unreferenced
 * timer until `close()`.
 *
 * @throws {GuardError} `config_invalid` for options that could not work or would weaken a check
 */
export function createGuard(options: GuardOptions): Guard {
  return buildGuard(options);
}

/** The same, with the clock by which work is sliced; for tests. */
export function buildGuard(options: GuardOptions, monotonic?: () => number): Guard {
  const { identity, policy, accept, catalogue, clock = Date.now } = options;
  const trustDomain = homeOf(options);
  checkOptions(options);
  const counters = new GuardCounters();
  const describer = options.describe && createResourceDescriber(options.describe, options.describeLimits ?? {});
  const layout = layoutOf(options.messages ?? 'protobuf-es');
  const judge = new PolicyJudge(policy, layout, describer, counters, new TurnBudget(monotonic));
  const methods = prepareMethods(catalogue, judge);
  const shadow = options.shadow && new ShadowPolicy(options.shadow, policy, () => recorder);
  const { onDecision = () => undefined } = options;
  const sink = shadow === undefined ? options.onDecision : combineDecisionSinks(onDecision, (event) => shadow.take(event));
  const recorder = new DecisionRecorder(sink, clock, counters);
  const authenticator = new Authenticator(identity, trustDomain, accept, options.audience ?? [], options.leewayMs);
  const afterExpiryMs = options.streams?.afterExpiryMs ?? 0;
  const trust = new PeerTrust(identity);
  const sweep = new Sweep(clock, () => ownIdentityEnd(identity), monotonic); // holds a timer, so nothing may throw from here on
  const core = new GuardCore({ identity, trustDomain, authenticator, judge, recorder, sweep, clock, afterExpiryMs });
  const stops = [
    identity.onChange(() => {
      trust.changed();
      sweep.scheduleAll();
    }),
    policy.onChange(() => sweep.scheduleAll()),
  ];

  shadow?.start();

  return {
    accept,
    identity,
    get liveCalls() {
      return sweep.calls.size;
    },
    get connections() {
      return sweep.connections.size;
    },
    metrics: () =>
      counters.snapshot({
        cacheEntries: judge.cacheEntries,
        liveCalls: sweep.calls.size,
        connections: sweep.connections.size,
        shadow: shadow?.metrics(),
      }),
    connect: (facts, askToRenew) => {
      const connection = new Connection(facts, trust, { openedAt: clock(), spread: Math.random(), askToRenew });
      if (askToRenew !== undefined) {
        sweep.connections.add(connection);
      }
      return connection;
    },
    disconnect: (connection) => sweep.connections.delete(connection),
    admit: (facts) => {
      try {
        return admit(core, methods, facts);
      } catch (error) {
        const failure = error instanceof Failure ? error : new Failure('guard_failed');
        const { peerAddress } = facts.connection;
        const trace = parseTraceParent(facts.traceparent);
        return {
          kind: 'refused',
          refusal: recorder.refused({ method: facts.method, step: 'authentication', peerAddress, trace }, failure),
        };
      }
    },
    refuseUnread: (method) =>
      recorder.refused(
        { method, step: 'authentication', peerAddress: 'unknown' },
        new Failure('guard_failed', ['transport_unreadable']),
      ),
    close: () => {
      core.close();
      for (const stop of stops) {
        stop();
      }
    },
  };
}

/** The checklist of a new call. Whatever it throws refuses the call as unauthenticated or undecidable. */
function admit(core: GuardCore, methods: ReadonlyMap<string, Method>, facts: CallFacts): Admission {
  const now = core.now();
  const { connection, method: path } = facts;
  const authentication = core.authenticate(connection, facts.authorization, now);
  const { caller } = authentication;
  const trace = parseTraceParent(facts.traceparent);
  const refuse = (failure: Failure, revision?: string): Admission => {
    const known = {
      subject: caller.id.toString(),
      credential: caller.credential,
      generation: core.recorder.generationOf(bundleOf(authentication)),
      trace,
      revision,
    };
    return {
      kind: 'refused',
      refusal: core.recorder.refused({ method: path, step: 'call', peerAddress: connection.peerAddress, ...known }, failure),
    };
  };
  const method = methods.get(path);
  if (method === undefined) {
    return refuse(new Failure('method_unknown'));
  }
  let policy: Policy;
  try {
    policy = core.judge.currentPolicy();
  } catch (error) {
    return refuse(error instanceof Failure ? error : new Failure('guard_failed'));
  }
  const unsupported = unsupportedPhases(policy);
  if (unsupported !== undefined) {
    return refuse(unsupported, policy.revision);
  }
  const call = new GuardedCall(core, connection, authentication, method, policy, trace, facts.deserialize);
  const refusal = call.judgeCall(now);
  return refusal === undefined ? { kind: 'admitted', call } : { kind: 'refused', refusal };
}

function prepareMethods(catalogue: Catalogue, judge: PolicyJudge): ReadonlyMap<string, Method> {
  const methods = new Map<string, Method>();
  for (const [path, rule] of catalogue) {
    if (!/^\/[A-Za-z0-9_.]+\/[A-Za-z0-9_]+$/.test(path)) {
      throw new GuardError('config_invalid', `catalogue: not a method path: "${path}"`);
    }
    for (const phase of ['request', 'response'] as const) {
      if (rule.phases.includes(phase) !== (rule[phase] !== undefined)) {
        throw new GuardError('config_invalid', `catalogue: ${path} must declare phase "${phase}" and its message rule together`);
      }
    }
    judge.prepare(rule.request, 'received');
    judge.prepare(rule.response, 'sent');
    methods.set(path, createMethod(path, rule));
  }
  return methods;
}
