import { randomBytes } from 'node:crypto';
import type { Phase } from '../catalogue/catalogue.js';
import type { Resource } from '../catalogue/resources.js';
import { createDecisionInput, type DecisionContext } from '../decision/decision-input.js';
import type { DecisionInput } from '../gen/decision-input.js';
import { GuardCounters } from '../guard-metrics.js';
import { createRefusal, type Failure, type Refusal } from '../refusal.js';
import { type DecisionEvent, type DecisionSink, tellSink } from './decision-event.js';
import type { TraceParent } from './trace-parent.js';

/** An id is whatever a caller wrote into a message; the members of events hold no more of it (TG-8). */
const MAX_ID_LENGTH = 256;

/** What an event says beside the verdict. */
export type RecordedFacts = Pick<
  DecisionEvent,
  'method' | 'step' | 'peerAddress' | 'subject' | 'credential' | 'generation' | 'revision' | 'undescribed' | 'shadow'
> & {
  readonly resource?: Resource | undefined;
  readonly trace?: TraceParent | undefined;
  /** With `resource`: what the policy was asked, and when; absent where it was not asked. */
  readonly context?: DecisionContext | undefined;
  readonly now?: number | undefined;
};

/** Gives each decision an id and tells the sink of it. The sink can neither allow nor refuse, nor slow a throw down. */
export class DecisionRecorder {
  readonly #sink: DecisionSink | undefined;
  readonly #clock: () => number;
  readonly #counters: GuardCounters;
  readonly #prefix = randomBytes(6).toString('hex');
  readonly #generations = new WeakMap<object, number>();
  #generation = 0;
  #count = 0;

  constructor(sink: DecisionSink | undefined, clock: () => number, counters = new GuardCounters()) {
    this.#sink = sink;
    this.#clock = clock;
    this.#counters = counters;
  }

  /** The number that events give a bundle by which callers are proven: the object is the generation. */
  generationOf(bundle: object | undefined): number | undefined {
    if (bundle === undefined) {
      return undefined;
    }
    let generation = this.#generations.get(bundle);
    if (generation === undefined) {
      this.#generation += 1;
      generation = this.#generation;
      this.#generations.set(bundle, generation);
    }
    return generation;
  }

  allowed(facts: RecordedFacts, reasons: readonly string[]): void {
    this.#counters.allowed += 1;
    if (this.#sink !== undefined) {
      this.#tell(this.#nextId(), facts, true, 'allowed', reasons, undefined);
    }
  }

  refused(facts: RecordedFacts, failure: Failure): Refusal {
    this.#counters.refused(failure.code, facts.step);
    const id = this.#nextId();
    this.#tell(id, facts, false, failure.code, failure.reasons, failure.rule);
    return createRefusal(failure.code, id);
  }

  /** Tells what is no decision: `allow` and `reasons` are those that were enforced. */
  note(facts: RecordedFacts, code: 'shadow_started' | 'shadow_differs', allow: boolean, reasons: readonly string[]): void {
    this.#tell(this.#nextId(), facts, allow, code, reasons, undefined);
  }

  #nextId(): string {
    this.#count += 1;
    return `${this.#prefix}-${this.#count.toString(36)}`;
  }

  #tell(
    id: string,
    facts: RecordedFacts,
    allow: boolean,
    code: DecisionEvent['code'],
    reasons: readonly string[],
    rule: string | undefined,
  ): void {
    if (this.#sink === undefined) {
      return;
    }
    tellSink(this.#sink, new RecordedDecision(id, this.#now(), facts, allow, code, reasons, rule));
  }

  /** A clock that fails must not change a verdict, nor lose the event: a log that cannot write it counts it. */
  #now(): number {
    try {
      return this.#clock();
    } catch {
      return Number.NaN;
    }
  }
}

/** An event with references to what calls share: the input is put together when a line is written, off their path. */
class RecordedDecision implements DecisionEvent {
  readonly id: string;
  readonly time: number;
  readonly method: string;
  readonly step: DecisionEvent['step'];
  readonly allow: boolean;
  readonly code: DecisionEvent['code'];
  readonly reasons: readonly string[];
  readonly rule: string | undefined;
  readonly subject: string | undefined;
  readonly credential: DecisionEvent['credential'];
  readonly generation: number | undefined;
  readonly resource: DecisionEvent['resource'];
  readonly revision: string | undefined;
  readonly peerAddress: string;
  readonly undescribed: boolean | undefined;
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly shadow: DecisionEvent['shadow'];
  readonly #asked: Resource | undefined;
  readonly #context: DecisionContext | undefined;
  readonly #now: number | undefined;

  constructor(
    id: string,
    time: number,
    facts: RecordedFacts,
    allow: boolean,
    code: DecisionEvent['code'],
    reasons: readonly string[],
    rule: string | undefined,
  ) {
    const { resource, trace } = facts;
    this.id = id;
    this.time = time;
    this.method = facts.method;
    this.step = facts.step;
    this.allow = allow;
    this.code = code;
    this.reasons = reasons;
    this.rule = rule;
    this.subject = facts.subject;
    this.credential = facts.credential;
    this.generation = facts.generation;
    this.resource = resource && { type: resource.type, id: shortened(resource.id) };
    this.revision = facts.revision;
    this.peerAddress = facts.peerAddress;
    this.undescribed = facts.undescribed;
    this.traceId = trace?.traceId;
    this.spanId = trace?.spanId;
    this.shadow = facts.shadow;
    this.#asked = resource;
    this.#context = facts.context;
    this.#now = facts.now;
  }

  static askedBy(event: DecisionEvent): AskedFacts | undefined {
    if (!(event instanceof RecordedDecision)) {
      return undefined;
    }
    const [context, resource, now] = [event.#context, event.#asked, event.#now];
    return context === undefined || resource === undefined || now === undefined
      ? undefined
      : { context, resource, now, phase: phaseOf(event.step) };
  }

  get input(): DecisionInput | undefined {
    const asked = RecordedDecision.askedBy(this);
    return asked && createDecisionInput(asked.context, asked.phase, asked.resource, asked.now);
  }
}

/** What the policy was asked, by the objects that calls share. */
export interface AskedFacts {
  readonly context: DecisionContext;
  readonly resource: Resource;
  readonly now: number;
  readonly phase: Phase;
}

/** The phase in which the policy was asked: what ends a live call is phase `call`, asked of a later policy. */
function phaseOf(step: DecisionEvent['step']): Phase {
  return step === 'request' || step === 'response' ? step : 'call';
}

/** What the policy was asked; `undefined` where it was not, and for events that no guard of this package made. */
export function askedBy(event: DecisionEvent): AskedFacts | undefined {
  return RecordedDecision.askedBy(event);
}

/** A copy, not a slice: a slice would keep the whole text alive for as long as the event waits. */
function shortened(id: string | undefined): string | undefined {
  return id === undefined || id.length <= MAX_ID_LENGTH ? id : `${Buffer.from(id.slice(0, MAX_ID_LENGTH)).toString()}…`;
}
