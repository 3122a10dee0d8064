import { randomBytes } from 'node:crypto';
import type { DecisionEvent, DecisionSink } from './decision-event.js';
import { GuardCounters } from './guard-metrics.js';
import { createRefusal, type Failure, type Refusal } from './refusal.js';
import type { Resource } from './resources.js';

/** An id is whatever a caller wrote into a message; events hold no more of it (TG-8). */
const MAX_ID_LENGTH = 256;

/** What an event says beside the verdict. */
export type RecordedFacts = Pick<DecisionEvent, 'method' | 'step' | 'peerAddress' | 'subject' | 'credential' | 'revision'> & {
  readonly resource?: Resource | undefined;
};

/** Gives each decision an id and tells the sink of it. The sink can neither allow nor refuse, nor slow a throw down. */
export class DecisionRecorder {
  readonly #sink: DecisionSink | undefined;
  readonly #clock: () => number;
  readonly #counters: GuardCounters;
  readonly #prefix = randomBytes(6).toString('hex');
  #count = 0;

  constructor(sink: DecisionSink | undefined, clock: () => number, counters = new GuardCounters()) {
    this.#sink = sink;
    this.#clock = clock;
    this.#counters = counters;
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

  #nextId(): string {
    this.#count += 1;
    return `${this.#prefix}-${this.#count.toString(36)}`;
  }

  #tell(
    id: string,
    { method, step, peerAddress, subject, credential, revision, resource }: RecordedFacts,
    allow: boolean,
    code: DecisionEvent['code'],
    reasons: readonly string[],
    rule: string | undefined,
  ): void {
    try {
      const answer: unknown = this.#sink?.({
        id,
        time: this.#clock(),
        method,
        step,
        allow,
        code,
        reasons,
        rule,
        subject,
        credential,
        resource: resource && { type: resource.type, id: shortened(resource.id) },
        revision,
        peerAddress,
      });
      if (answer instanceof Promise) {
        answer.catch(() => undefined); // an async sink that fails must not end the process either
      }
    } catch {
      // A sink that fails must not change a verdict, and there is nobody on this path to tell.
    }
  }
}

/** A copy, not a slice: a slice would keep the whole text alive for as long as the event waits. */
function shortened(id: string | undefined): string | undefined {
  return id === undefined || id.length <= MAX_ID_LENGTH ? id : `${Buffer.from(id.slice(0, MAX_ID_LENGTH)).toString()}…`;
}
