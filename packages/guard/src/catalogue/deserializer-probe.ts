import {
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonObject,
  type JsonValue,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import type { MessageRule, ResourceRule } from './catalogue.js';
import { type FieldPath, type PathStep, resolveFieldPath } from './field-path.js';
import { protobufEsLayout } from './protobuf-es-layout.js';
import { createResourceReader, type ResourceReader } from './resources.js';

/** The code of a server that turns the bytes of a request into its message. */
export type Deserialize = (bytes: Buffer) => unknown;

/**
 * Tries whether the code of a server makes messages that are read as what their bytes say. `messages` may name another
 * generator or other options than made that code, and the code may be of another .proto than the catalogue: where a
 * shape does not tell, a value would read as absent, and a policy would be told less than the handler sees.
 */
export class DeserializerProbe {
  readonly #rule: MessageRule;
  readonly #read: ResourceReader;
  readonly #tried = new WeakMap<Deserialize, boolean>();

  /** `read` is what reads the messages of calls. */
  constructor(rule: MessageRule, read: ResourceReader) {
    this.#rule = rule;
    this.#read = read;
  }

  /** Whether each value that the rule reads is read. Tried once for each function; later answers cost a look-up. */
  fits(deserialize: Deserialize): boolean {
    let fits = this.#tried.get(deserialize);
    if (fits === undefined) {
      const readRightly = createResourceReader(this.#rule, protobufEsLayout);
      fits = probesOf(this.#rule).every((bytes) => this.#reads(bytes, deserialize, readRightly));
      this.#tried.set(deserialize, fits);
    }
    return fits;
  }

  #reads(bytes: Uint8Array, deserialize: Deserialize, readRightly: ResourceReader): boolean {
    const expected = readRightly(fromBinary(this.#rule.message, bytes));
    let message: unknown;
    try {
      message = deserialize(Buffer.from(bytes));
    } catch {
      return true; // it may look at what a message says, too; what it does not make, no handler sees
    }
    try {
      return JSON.stringify(this.#read(message)) === JSON.stringify(expected);
    } catch {
      return false;
    }
  }
}

/** For each value that a rule reads, the bytes of a message that has it. */
function probesOf({ message, resources }: MessageRule): readonly Uint8Array[] {
  return resources.flatMap((rule) => valuePathsOf(rule).flatMap((path) => probeOf(message, rule, path) ?? []));
}

function valuePathsOf({ id, describedBy, properties = {}, when }: ResourceRule): readonly (string | undefined)[] {
  const paths = [id, describedBy, ...Object.values(properties)].filter((path) => path !== undefined);
  return paths.length > 0 || when === undefined ? paths : [undefined]; // which rule applies is read, too
}

/** `undefined` for a message that there is none of: with two members of a oneof, or without its required fields. */
function probeOf(type: DescMessage, { when }: ResourceRule, path: string | undefined): Uint8Array | undefined {
  const json: JsonObject = {};
  if (path !== undefined) put(json, resolveFieldPath(type, path, 'value', 'probe'));
  if (when !== undefined) put(json, resolveFieldPath(type, when, 'presence', 'probe'));
  try {
    return toBinary(type, fromJson(type, json));
  } catch {
    return undefined;
  }
}

/** Puts a value at a path, where none is yet. */
function put(json: JsonObject, { steps }: FieldPath): void {
  let place = json;
  for (const [index, step] of steps.entries()) {
    const value = index < steps.length - 1 ? {} : valueAt(step);
    const name = nameOf(step);
    place[name] ??= step.kind !== 'entry' && step.each ? [value] : value;
    place = (Array.isArray(place[name]) ? place[name][0] : place[name]) as JsonObject;
  }
}

function nameOf(step: PathStep): string {
  switch (step.kind) {
    case 'field':
      return step.field.name;
    case 'entry':
      return step.key;
    case 'json':
      return step.name;
  }
}

function valueAt(step: PathStep): JsonValue {
  if (step.kind !== 'field') {
    return 'probe';
  }
  const { scalar, message } = step.field;
  if (message !== undefined) {
    return {};
  }
  return scalar === ScalarType.STRING ? 'probe' : scalar === ScalarType.BOOL ? true : scalar === ScalarType.BYTES ? '' : 1;
}
