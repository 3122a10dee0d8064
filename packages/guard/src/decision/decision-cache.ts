import type { Decision, Policy } from '@dirgate/policy';
import type { Phase } from '../catalogue/catalogue.js';
import type { Resource } from '../catalogue/resources.js';
import type { DecisionInput } from '../gen/decision-input.js';
import { GuardCounters } from '../guard-metrics.js';
import type { DecisionContext } from './decision-input.js';
import { createKeyReader, type Key, type KeyReader } from './decision-key.js';

/** Steps in the tree beyond this number, over all callers: everything is forgotten and learned anew. */
const MAX_STEPS = 20_000;
/** What would need longer keys, in characters, is judged anew each time: callers choose the values, and must not choose our memory. */
const MAX_KEY_LENGTH = 2048;

type Path = readonly string[];

/** A place in the tree of decisions: the values so far. */
interface Place {
  /** By the next value that the policy reads; absent where there was none yet. */
  next?: Map<Key, Place>;
  /** What was decided, where no further value is read. */
  decision?: Decision;
}

/**
 * Remembers what one revision of a policy answered, keyed by exactly the inputs that it reads (DESIGN §4.18): a tree with a step for each
 * value. The caller's, the action's and the server's values lead to a place, once per caller and method; the resource's values lead on from there.
 */
export class DecisionCache {
  readonly #readSubject: KeyReader;
  readonly #readAction: KeyReader;
  readonly #readResource: KeyReader;
  readonly #readServer: KeyReader;
  #root: Place = {};
  /** The places of callers and actions, by the objects that carry their values: what a warm look-up takes. */
  #ofSubjects = new WeakMap<DecisionInput['subject'], Map<DecisionInput['action'], Place>>();
  #server: DecisionInput['context']['server'] | undefined;
  /** Where the keys of a look-up are written: made once, as this is on the path of every message. */
  readonly #keys: Key[] = [];
  readonly #counters: GuardCounters;
  #size = 0;

  private constructor(inputs: readonly Path[], counters: GuardCounters) {
    this.#counters = counters;
    const below = (name: string): readonly Path[] => inputs.filter(([first]) => first === name).map((path) => path.slice(1));
    this.#readSubject = createKeyReader(below('subject'));
    this.#readAction = createKeyReader(below('action'));
    this.#readResource = createKeyReader(below('resource'));
    this.#readServer = createKeyReader(below('context').map((path) => path.slice(1)));
  }

  /**
   * A cache for a policy, or `undefined` where its answers must not be remembered: nobody recorded what it reads, or it
   * reads the time, the address of the connection, or anything that holds them.
   */
  static for(policy: Policy, counters = new GuardCounters()): DecisionCache | undefined {
    const { inputs } = policy;
    const cacheable = inputs?.every(([first, second]) => {
      switch (first) {
        case 'subject':
        case 'action':
        case 'resource':
          return true;
        case 'context':
          return second === 'server';
        default:
          return false; // all of the input, or something that we do not know
      }
    });
    return inputs !== undefined && cacheable === true ? new DecisionCache(inputs, counters) : undefined;
  }

  /** Steps of the tree, each of which holds memory. */
  get size(): number {
    return this.#size;
  }

  /** The remembered decision, or what `evaluate` answers. What it throws is not remembered. */
  decide(context: DecisionContext, phase: Phase, resource: Resource, evaluate: () => Decision): Decision {
    const start = this.#placeOf(context, phase);
    const keys = this.#keys;
    const count = this.#readResource(resource, keys, 0);
    let place = start;
    for (let index = 0; index < count && place !== undefined; index += 1) {
      place = place.next?.get(keys[index]);
    }
    if (place?.decision !== undefined) {
      this.#counters.cacheHits += 1;
      return place.decision;
    }
    this.#counters.cacheMisses += 1;
    const read = keys.slice(0, count); // others may be written while the policy is asked
    const decision = evaluate();
    if (start !== undefined && lengthOf(read) <= MAX_KEY_LENGTH) {
      this.#goOn(start, read).decision = decision;
      this.#forgetTooMuch();
    }
    return decision;
  }

  /** Where the resource's values begin; `undefined` if the caller's values are too long to be kept. */
  #placeOf({ caller: { subject }, method, server }: DecisionContext, phase: Phase): Place | undefined {
    if (server !== this.#server) {
      this.#ofSubjects = new WeakMap();
      this.#server = server;
    }
    const action = method.actions[phase];
    const known = this.#ofSubjects.get(subject)?.get(action);
    if (known !== undefined) {
      return known;
    }
    const read: Key[] = [];
    this.#readServer(server, read, this.#readAction(action, read, this.#readSubject(subject, read, 0)));
    if (lengthOf(read) > MAX_KEY_LENGTH) {
      return undefined;
    }
    this.#forgetTooMuch();
    const place = this.#goOn(this.#root, read);
    const ofActions = this.#ofSubjects.get(subject) ?? new Map<DecisionInput['action'], Place>();
    this.#ofSubjects.set(subject, ofActions.set(action, place));
    this.#size += 1;
    return place;
  }

  /** The place that these values lead to; it is made if need be. */
  #goOn(from: Place, keys: readonly Key[]): Place {
    let place = from;
    for (const key of keys) {
      place.next ??= new Map();
      let next = place.next.get(key);
      if (next === undefined) {
        next = {};
        place.next.set(key, next);
        this.#size += 1;
      }
      place = next;
    }
    return place;
  }

  #forgetTooMuch(): void {
    if (this.#size > MAX_STEPS) {
      this.#root = {};
      this.#ofSubjects = new WeakMap();
      this.#size = 0;
    }
  }
}

function lengthOf(keys: readonly Key[]): number {
  return keys.reduce<number>((sum, key) => sum + (typeof key === 'string' ? key.length : 0), 0);
}
