import { Failure } from './refusal.js';
import type { Resource } from './resources.js';

/** Facts about a resource, as `resource.properties` of the policy input. */
export type ResourceProperties = Readonly<Record<string, unknown>>;

/**
 * Answers facts about a resource that a message names by id alone; the service knows them, the message does not carry
 * them. `undefined` means that the service knows no such resource: the properties stay out, the policy decides.
 * A throw or a rejection refuses the call.
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

/** Adds what the service knows to a resource. Throws or rejects with a {@link Failure}. */
export type ResourceDescriber = (resource: Resource) => Resource | Promise<Resource>;

/** Bounds `describe` by time and number. What the message itself said always wins over what is described. */
export function createResourceDescriber(
  describe: Describe,
  { timeoutMs = 2000, maxInFlight = 1024 }: DescribeLimits,
): ResourceDescriber {
  let inFlight = 0;
  return (resource) => {
    if (resource.describedBy === undefined) {
      return resource;
    }
    if (inFlight >= maxInFlight) {
      throw new Failure('describe_failed', ['describe_overloaded']);
    }
    const answer = ask(describe, resource.describedBy);
    if (!isPromiseLike(answer)) {
      return withFacts(resource, answer);
    }
    inFlight += 1;
    return withDeadline(Promise.resolve(answer), timeoutMs)
      .finally(() => {
        inFlight -= 1;
      })
      .then((facts) => withFacts(resource, facts));
  };
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

function withFacts(resource: Resource, facts: ResourceProperties | undefined): Resource {
  if (facts === undefined) {
    return resource;
  }
  if (typeof facts !== 'object' || facts === null || Array.isArray(facts)) {
    throw new Failure('describe_failed', ['describe_answer_odd']);
  }
  return { ...resource, properties: { ...facts, ...resource.properties } };
}
