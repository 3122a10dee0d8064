import type { Decision, Policy } from '@dirgate/policy';
import type { Phase } from '../catalogue/catalogue.js';
import type { Resource } from '../catalogue/resources.js';
import type { DecisionInput } from '../gen/decision-input.js';
import { GuardCounters } from '../guard-metrics.js';
import type { DecisionContext } from './decision-input.js';
import { createKeyWriter, type KeyWriter } from './decision-key.js';

/** Maps and decisions beyond this number, over all callers: everything is forgotten and learned anew. */
const MAX_ENTRIES = 20_000;
/** What would need a longer key is judged anew each time: callers choose the values, and must not choose our memory. */
const MAX_KEY_LENGTH = 2048;

type Path = readonly string[];

/**
 * Remembers what one revision of a policy answered, keyed by exactly the inputs that it reads (DESIGN §4.18).
 *
 * The caller's and the action's part of a key pick a map, once per caller and method; the resource's part picks the decision in it.
 */
export class DecisionCache {
  readonly #subjectKey: KeyWriter;
  readonly #actionKey: KeyWriter;
  readonly #resourceKey: KeyWriter;
  readonly #serverKey: KeyWriter;
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
    this.#subjectKey = createKeyWriter(below('subject'));
    this.#actionKey = createKeyWriter(below('action'));
    this.#resourceKey = createKeyWriter(below('resource'));
    this.#serverKey = createKeyWriter(below('context').map((path) => path.slice(1)));
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
    const key = this.#resourceKey(resource);
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
    const text = this.#subjectKey(subject) + this.#actionKey(action) + this.#serverKey(server);
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
