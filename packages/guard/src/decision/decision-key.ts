/** Writes the part of a cache key that one part of the input makes up. */
export type KeyWriter = (part: object) => string;

/** What is read below one name: all of it, or some members. */
interface Node {
  readonly members: Map<string, Node>;
  /** All of the value is read. What else is read below it adds nothing. */
  whole: boolean;
}

/**
 * Compiles the paths that a policy reads below one part of its input (DESIGN §4.18). Two parts have the same key exactly if the engine is
 * given the same values at all of these paths. No hash; nothing runs together, since each value says how long it is:
 * a string is written as it stands, anything else as its JSON text, an absent value as `-`.
 */
export function createKeyWriter(paths: readonly (readonly string[])[]): KeyWriter {
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

type ValueWriter = (value: unknown) => string;

function compile(node: Node): ValueWriter {
  if (node.whole) {
    return writeWhole;
  }
  const names = [...node.members.keys()];
  const writers = [...node.members.values()].map(compile);
  return (value) => {
    if (isObject(value)) {
      if (typeof value['toJSON'] === 'function') {
        return `t${lengthAndText(JSON.stringify(value) ?? '')}`; // what it turns into, the engine reads: all of that is the key
      }
      let key = '';
      for (let index = 0; index < names.length; index += 1) {
        const name = names[index] as string;
        key += (writers[index] as ValueWriter)(Object.hasOwn(value, name) ? value[name] : undefined);
      }
      return key;
    }
    return writers.map((write) => write(undefined)).join('');
  };
}

/** `s<length>:` of the lengths that there are: made once, as this is on the path of every message. */
const STRING_PREFIXES = Array.from({ length: 256 }, (_, length) => `s${length}:`);

function writeWhole(value: unknown): string {
  if (typeof value === 'string') {
    const prefix = STRING_PREFIXES[value.length];
    return prefix === undefined ? `s${lengthAndText(value)}` : prefix + value;
  }
  const text = value === undefined ? undefined : JSON.stringify(value);
  return text === undefined ? '-' : `j${lengthAndText(text)}`;
}

function lengthAndText(text: string): string {
  return `${text.length}:${text}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
