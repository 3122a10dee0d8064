/** A step on the way to a remembered decision: one value that the policy reads. */
export type Key = string | number | bigint | boolean | null | undefined;

/** Writes the keys of one part of the input into `keys`, from `at` on; answers where the next part's begin. */
export type KeyReader = (part: unknown, keys: Key[], at: number) => number;

/** What is read below one name: all of it, or some members. */
interface Node {
  readonly members: Map<string, Node>;
  /** All of the value is read. What else is read below it adds nothing. */
  whole: boolean;
}

/**
 * Compiles the paths that a policy reads below one part of its input (DESIGN §4.18). Two parts have the same keys exactly if the engine
 * is given the same values at all of these paths. Nothing is hashed or run together: each value is a key of its own, a string as it
 * stands, so that no text is made for a look-up.
 */
export function createKeyReader(paths: readonly (readonly string[])[]): KeyReader {
  const root: Node = { members: new Map(), whole: false };
  for (const path of paths) {
    let node = root;
    for (const name of path) {
      const next = node.members.get(name) ?? { members: new Map(), whole: false };
      node.members.set(name, next);
      node = next;
    }
    node.whole = true;
  }
  return compile(root);
}

function compile(node: Node): KeyReader {
  if (node.whole) {
    return (value, keys, at) => {
      keys[at] = keyOf(value);
      return at + 1;
    };
  }
  const names = [...node.members.keys()];
  const readers = [...node.members.values()].map(compile);
  return (value, keys, at) => {
    const members = isObject(value) ? value : undefined;
    if (members !== undefined && typeof members['toJSON'] === 'function') {
      keys[at] = `${CONVERTED}${JSON.stringify(members)}`; // what it turns into, the engine reads: all of that is the key
      return at + 1;
    }
    let next = at;
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index] as string;
      const member = members !== undefined && Object.hasOwn(members, name) ? members[name] : undefined;
      next = (readers[index] as KeyReader)(member, keys, next);
    }
    return next;
  };
}

// What marks a text that is no string of the input. A string that begins like a mark is marked itself: no two values share a key.
const MARK = '\0';
const MARKED_STRING = `${MARK}s`;
const JSON_TEXT = `${MARK}j`;
const CONVERTED = `${MARK}t`;

function keyOf(value: unknown): Key {
  switch (typeof value) {
    case 'string':
      return value.startsWith(MARK) ? MARKED_STRING + value : value;
    case 'number':
    case 'bigint':
    case 'boolean':
      return value;
    case 'object': {
      if (value === null) return null;
      const text: string | undefined = JSON.stringify(value);
      return text === undefined ? undefined : JSON_TEXT + text;
    }
    default:
      return undefined; // to the engine, it is not there
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
