import type { Decision, Policy } from '@dirgate/policy';
import type { Phase } from './catalogue.js';
import type { DecisionContext } from './decision-input.js';
import type { DecisionInput } from './gen/decision-input.js';
import { GuardCounters } from './guard-metrics.js';
import type { Resource } from './resources.js';

/** Maps and decisions beyond this number, over all callers: everything is forgotten and learned anew. */
const MAX_ENTRIES = 20_000;
/** What would need a longer key is judged anew each time: callers choose the values, and must not choose our memory. */
const MAX_KEY_LENGTH = 2048;

type Path = readonly string[];

/**
 * Remembers what one revision of a policy answered, keyed by exactly the inputs that it reads (DESIGN §4.18).
 *
 * A key is the JSON text of each value that the policy reads, length-prefixed, so that no two inputs which differ in any
 * of them can meet; the engine is given the same JSON text. The caller's and the action's part pick a map, once per
 * caller and method; the resource's part picks the decision in it.
 */
export class DecisionCache {
  readonly #subjectPaths: readonly Path[];
  readonly #actionPaths: readonly Path[];
  readonly #resourcePaths: readonly Path[];
  readonly #serverPaths: readonly Path[];
  /** Maps by the texts of the caller's, the action's and the server's part. */
  #maps = new Map<string, Map<string, Decision>>();
  /** The same maps by the objects that carry those parts: what a warm look-up takes. */
  #ofSubjects = new WeakMap<DecisionInput['subject'], Map<DecisionInput['action'], Map<string, Decision>>>();
  #server: DecisionInput['context']['server'] | undefined;
  readonly #counters: GuardCounters;
  #size = 0;

  private constructor(inputs: readonly Path[], counters: GuardCounters) {
    this.#counters = counters;
    const below = (name: string): readonly Path[] => inputs.filter(([first]) => first === name).map((path) => path.slice(1));
    this.#subjectPaths = below('subject');
    this.#actionPaths = below('action');
    this.#resourcePaths = below('resource');
    this.#serverPaths = below('context').map((path) => path.slice(1));
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

  /** Maps and decisions that are remembered. */
  get size(): number {
    return this.#size;
  }

  /** The remembered decision, or what `evaluate` answers. What it throws is not remembered. */
  decide(context: DecisionContext, phase: Phase, resource: Resource, evaluate: () => Decision): Decision {
    const decisions = this.#decisionsOf(context, phase);
    const key = keyOf(resource, this.#resourcePaths);
    const known = decisions?.get(key);
    if (known !== undefined) {
      this.#counters.cacheHits += 1;
      return known;
    }
    this.#counters.cacheMisses += 1;
    const decision = evaluate();
    if (key.length <= MAX_KEY_LENGTH) {
      decisions?.set(key, decision);
      this.#count();
    }
    return decision;
  }

  #decisionsOf({ caller: { subject }, method, server }: DecisionContext, phase: Phase): Map<string, Decision> | undefined {
    if (server !== this.#server) {
      this.#ofSubjects = new WeakMap();
      this.#server = server;
    }
    const action = method.actions[phase];
    const known = this.#ofSubjects.get(subject)?.get(action);
    if (known !== undefined) {
      return known;
    }
    const text = keyOf(subject, this.#subjectPaths) + keyOf(action, this.#actionPaths) + keyOf(server, this.#serverPaths);
    if (text.length > MAX_KEY_LENGTH) {
      return undefined;
    }
    const decisions = this.#maps.get(text) ?? new Map<string, Decision>();
    this.#maps.set(text, decisions);
    const ofActions = this.#ofSubjects.get(subject) ?? new Map<DecisionInput['action'], Map<string, Decision>>();
    this.#ofSubjects.set(subject, ofActions.set(action, decisions));
    this.#count();
    return decisions;
  }

  #count(): void {
    this.#size += 1;
    if (this.#size > MAX_ENTRIES) {
      this.#forget();
    }
  }

  #forget(): void {
    this.#maps = new Map();
    this.#ofSubjects = new WeakMap();
    this.#size = 0;
  }
}

/** The values at `paths`, each as its length and its JSON text; an absent one as `-`. */
function keyOf(part: object, paths: readonly Path[]): string {
  let key = '';
  for (const path of paths) {
    const text = JSON.stringify(valueAt(part, path));
    key += text === undefined ? '-' : `${text.length}:${text}`;
  }
  return key;
}

function valueAt(part: unknown, path: Path): unknown {
  let value = part;
  for (const name of path) {
    if (typeof value !== 'object' || value === null) {
      return undefined;
    }
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      return value; // what it turns into, the engine reads: all of that is the key
    }
    if (!Object.hasOwn(value, name)) {
      return undefined;
    }
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}
