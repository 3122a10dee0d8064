import type { DecisionInput } from '../gen/decision-input.js';
import { GuardError } from '../guard-error.js';
import { asciiJson } from './ascii-json.js';
import { mayBeLogged } from './mask-members.js';

/**
 * What must not be written, as OPA's mask decision says it: a JSON pointer (RFC 6901) below `/input` or `/result`, which is
 * removed, or a rule that removes it or puts another value there.
 */
export type MaskRule =
  | string
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'upsert'; readonly path: string; readonly value: unknown };

/** The parts of a line that are masked one by one. */
export type MaskedPart = keyof DecisionInput | 'result';

/** The text of one part, and the pointers of what is not in it as it was. */
export interface MaskedText {
  /** `undefined`: the part as a whole was removed. */
  readonly text: string | undefined;
  readonly erased: readonly string[];
  readonly masked: readonly string[];
}

interface CompiledRule {
  readonly pointer: string;
  /** From `input` or `result` on. */
  readonly path: readonly string[];
  readonly upsert: boolean;
  readonly value: unknown;
}

const CLAIMS: CompiledRule = compile('/input/subject/properties/claims');

/** The rules of one log. */
export class DecisionMask {
  readonly #rules: readonly CompiledRule[];
  readonly #ofParts: ReadonlyMap<string | undefined, readonly CompiledRule[]>;
  readonly #wholeInput: string | undefined;
  readonly #keepClaims: boolean;

  /**
   * `keepClaims`: the claims of a token are written too.
   *
   * @throws {GuardError} `config_invalid` for a rule that is none
   */
  constructor(rules: readonly MaskRule[], keepClaims: boolean) {
    this.#rules = rules.map(compile);
    const partOf = ({ path: [first, second] }: CompiledRule): string | undefined => (first === 'result' ? first : second);
    this.#ofParts = new Map(
      this.#rules.map((rule) => [partOf(rule), this.#rules.filter((other) => partOf(other) === partOf(rule))]),
    );
    this.#wholeInput = this.#rules.find(({ path }) => path.length === 1 && path[0] === 'input')?.pointer;
    this.#keepClaims = keepClaims;
  }

  /** Whether the value at this path, from `input` or `result` on, must not be written as it is. */
  hides(...path: readonly string[]): boolean {
    return this.#rules.some((rule) => isPrefix(rule.path, path));
  }

  /** The same, or that a rule names something in that value. */
  reaches(...path: readonly string[]): boolean {
    return this.hides(...path) || this.#rules.some((rule) => isPrefix(path, rule.path));
  }

  /** The rule that removes the input as a whole; `undefined` when there is none. */
  get wholeInput(): string | undefined {
    return this.#wholeInput;
  }

  /** Whether a rule names the part or anything in it. Without one its text is its JSON text. */
  touches(part: MaskedPart): boolean {
    return this.#ofParts.has(part);
  }

  /** The text of a part with the rules applied, in their order. */
  apply(part: MaskedPart, value: object): MaskedText {
    const rules = this.#ofParts.get(part) ?? [];
    const withoutClaims = part === 'subject' && !this.#keepClaims && hasClaims(value);
    return applyRules(withoutClaims ? [CLAIMS, ...rules] : rules, part === 'result' ? 1 : 2, value);
  }
}

/** An X.509 caller has no claims: there an empty object is no secret, and a replay may read it. */
function hasClaims(subject: object): boolean {
  const { claims } = (subject as DecisionInput['subject']).properties;
  return Object.keys(claims).length > 0;
}

function applyRules(rules: readonly CompiledRule[], depth: number, value: object): MaskedText {
  const holder: { part?: unknown } = { part: JSON.parse(JSON.stringify(value)) };
  const erased: string[] = [];
  const masked: string[] = [];
  for (const rule of rules) {
    const path = ['part', ...rule.path.slice(depth)];
    if (rule.upsert ? upsert(holder, path, rule.value) : remove(holder, path)) {
      (rule.upsert ? masked : erased).push(rule.pointer);
    }
  }
  return { text: holder.part === undefined ? undefined : asciiJson(holder.part), erased, masked };
}

type Container = Record<string, unknown> | unknown[];

/** Whether there was something to remove: a pointer to nothing is no mistake. */
function remove(root: Container, path: readonly string[]): boolean {
  const parent = path.slice(0, -1).reduce<unknown>(memberOf, root);
  const name = path.at(-1) ?? '';
  if (memberOf(parent, name) === undefined) {
    return false;
  }
  if (Array.isArray(parent)) {
    parent.splice(Number(name), 1);
  } else {
    delete (parent as Record<string, unknown>)[name];
  }
  return true;
}

/** Whether the value could be put there. Objects on the way are made; elements of arrays are not. */
function upsert(root: Container, path: readonly string[], value: unknown): boolean {
  let parent: unknown = root;
  for (const name of path.slice(0, -1)) {
    if (memberOf(parent, name) === undefined && !put(parent, name, {})) {
      return false;
    }
    parent = memberOf(parent, name);
  }
  return put(parent, path.at(-1) ?? '', value);
}

function put(parent: unknown, name: string, value: unknown): boolean {
  if (Array.isArray(parent)) {
    if (!Object.hasOwn(parent, name) || name === 'length') {
      return false;
    }
    parent[Number(name)] = value;
    return true;
  }
  if (typeof parent !== 'object' || parent === null) {
    return false;
  }
  Object.defineProperty(parent, name, { value, enumerable: true, configurable: true, writable: true });
  return true;
}

function memberOf(parent: unknown, name: string): unknown {
  const known = typeof parent === 'object' && parent !== null && Object.hasOwn(parent, name);
  return known && !(Array.isArray(parent) && name === 'length') ? (parent as Record<string, unknown>)[name] : undefined;
}

function compile(rule: MaskRule): CompiledRule {
  const {
    op,
    path: pointer,
    value = undefined,
  } = typeof rule === 'string' ? { op: 'remove', path: rule } : { value: null, ...rule };
  const path = readPointer(pointer);
  if ((op !== 'remove' && op !== 'upsert') || !mayBeLogged(path)) {
    throw new GuardError(
      'config_invalid',
      `mask: ${JSON.stringify(rule)} is no rule: remove or upsert what a line has below /input/{subject,action,resource,context} or /result`,
    );
  }
  if (op === 'upsert' && (path.length === 1 || JSON.stringify(value) === undefined)) {
    throw new GuardError('config_invalid', `mask: cannot upsert ${pointer}: name a member, and give it a JSON value`);
  }
  return { pointer, path, upsert: op === 'upsert', value };
}

function readPointer(pointer: unknown): readonly string[] {
  if (typeof pointer !== 'string' || !pointer.startsWith('/') || /~(?![01])/.test(pointer)) {
    throw new GuardError('config_invalid', `mask: ${JSON.stringify(pointer)} is not a JSON pointer such as /input/resource/id`);
  }
  return pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function isPrefix(prefix: readonly string[], path: readonly string[]): boolean {
  return prefix.length <= path.length && prefix.every((name, index) => name === path[index]);
}
