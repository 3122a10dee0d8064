import { isPlainObject } from '../catalogue/message-layout.js';
import type { Resource } from '../catalogue/resources.js';
import { frozen } from '../frozen.js';
import { Failure } from '../refusal.js';

/** Facts about a resource, as `resource.properties` of the policy input. */
export type ResourceProperties = Readonly<Record<string, unknown>>;

/**
 * Answers facts about a resource that a message names by id alone; the service knows them, the message does not carry
 * them. `undefined` means that the service knows no such resource: the properties stay out, the policy decides.
 * The answer is copied as JSON. A throw, a rejection, or an answer that is no plain object of JSON values refuses the call.
 */
export type Describe = (resource: {
  readonly type: 'record';
  readonly id: string;
}) => ResourceProperties | undefined | Promise<ResourceProperties | undefined>;

/** How long one answer may take, and how many may be waited for at once. */
export interface DescribeLimits {
  /** Default 2,000. */
  readonly timeoutMs?: number;
  /** Default 1,024. */
  readonly maxInFlight?: number;
}

/** What `describe` answered within one call, by the id of the record; the promise while an answer is waited for. */
export type DescribedFacts = Map<string, ResourceProperties | Promise<ResourceProperties | undefined>>;

/**
 * Adds what the service knows to a resource. `known` is the call's own memory: it is looked up first, and what is
 * answered is added to it. Throws or rejects with a {@link Failure}.
 */
export type ResourceDescriber = (resource: Resource, known: DescribedFacts) => Resource | Promise<Resource>;

/** What one call remembers. Beyond it the answer that is longest remembered is asked for anew. */
const MAX_REMEMBERED = 256;

/**
 * Bounds `describe` by time and number, and asks it once about each record of a call: a failure, and that a record is
 * unknown, are not remembered. What the message itself said always wins over what is described.
 * Of a thing that hangs on a record, the record fills in nothing that the message could have said: it cannot lend it a type.
 */
export function createResourceDescriber(
  describe: Describe,
  { timeoutMs = 2000, maxInFlight = 1024 }: DescribeLimits,
): ResourceDescriber {
  let inFlight = 0;
  const begin = (id: string, known: DescribedFacts): ReturnType<Describe> => {
    if (inFlight >= maxInFlight) {
      throw new Failure('describe_failed', ['describe_overloaded']);
    }
    const answer = ask(describe, id);
    if (!isPromiseLike(answer)) {
      const facts = requireFacts(answer);
      remember(known, id, facts);
      return facts;
    }
    inFlight += 1;
    const facts = withDeadline(Promise.resolve(answer), timeoutMs)
      .then(requireFacts)
      .finally(() => {
        inFlight -= 1;
      });
    remember(known, id, facts);
    facts.then(
      (late) => replace(known, id, facts, late),
      () => replace(known, id, facts, undefined),
    );
    return facts;
  };
  return (resource, known) => {
    const { describedBy } = resource;
    if (describedBy === undefined) {
      return resource;
    }
    const facts = known.get(describedBy) ?? begin(describedBy, known);
    return facts instanceof Promise ? facts.then((late) => withFacts(resource, late)) : withFacts(resource, facts);
  };
}

function remember(
  known: DescribedFacts,
  id: string,
  facts: ResourceProperties | Promise<ResourceProperties | undefined> | undefined,
): void {
  if (facts === undefined) {
    return;
  }
  if (known.size >= MAX_REMEMBERED) {
    for (const oldest of known.keys()) {
      known.delete(oldest);
      break;
    }
  }
  known.set(id, facts);
}

/** Puts the answer where the promise of it was, unless that was forgotten meanwhile. */
function replace(
  known: DescribedFacts,
  id: string,
  promise: Promise<ResourceProperties | undefined>,
  facts: ResourceProperties | undefined,
): void {
  if (known.get(id) !== promise) {
    return;
  }
  if (facts === undefined) {
    known.delete(id);
  } else {
    known.set(id, facts);
  }
}

function ask(describe: Describe, id: string): ReturnType<Describe> {
  try {
    return describe({ type: 'record', id });
  } catch {
    throw new Failure('describe_failed', ['describe_threw']);
  }
}

function isPromiseLike(answer: ReturnType<Describe>): answer is Promise<ResourceProperties | undefined> {
  return typeof answer === 'object' && answer !== null && 'then' in answer && typeof answer.then === 'function';
}

function withDeadline<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Failure('describe_failed', ['describe_timed_out'])), timeoutMs);
    answer.then(resolve, () => reject(new Failure('describe_failed', ['describe_threw']))).finally(() => clearTimeout(timer));
  });
}

/**
 * A copy as JSON has it, as that is what a policy is told: neither the service nor a sink changes what is remembered. Facts are the
 * object's own members: a Map, a row with getters or an error that was returned would pass as one without any.
 */
function requireFacts(facts: ResourceProperties | undefined): ResourceProperties | undefined {
  if (facts === undefined) {
    return undefined;
  }
  const copy = isPlainObject(facts) ? copyOf(facts) : undefined;
  if (!isPlainObject(copy)) {
    throw new Failure('describe_failed', ['describe_answer_odd']);
  }
  return frozen(copy);
}

function copyOf(facts: ResourceProperties): unknown {
  try {
    return JSON.parse(JSON.stringify(facts));
  } catch {
    return undefined;
  }
}

function withFacts(resource: Resource, facts: ResourceProperties | undefined): Resource {
  return facts === undefined ? resource : { ...resource, properties: Object.freeze({ ...facts, ...resource.properties }) };
}
