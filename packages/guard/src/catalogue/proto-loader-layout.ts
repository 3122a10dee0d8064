import type { DescMessage } from '@bufbuild/protobuf';
import { flatFieldReader, presentMember } from './flat-fields.js';
import { asInProto, camelAsProtobufjs } from './generated-names.js';
import {
  isPlainObject,
  type JsonLayout,
  type Members,
  type MessageLayout,
  ownMember,
  unexpectedShape,
  unexpectedType,
} from './message-layout.js';

/** The option of @grpc/proto-loader that changes what fields are called, with its own name and default. */
export interface ProtoLoaderOptions {
  /** Default `false`: fields are in camelCase. */
  readonly keepCase?: boolean;
}

/**
 * Messages of @grpc/proto-loader, of .proto files, with any of its options: plain objects, a oneof flat, a
 * `google.protobuf.Struct` as the message that it is, `{ fields: { name: { stringValue } } }`. Loaded of a
 * FileDescriptorSet its maps are lists of entries, which do not fit.
 */
export function createProtoLoaderLayout({ keepCase = false }: ProtoLoaderOptions = {}): MessageLayout {
  const spelling = keepCase ? asInProto : camelAsProtobufjs;
  return {
    requireMessage,
    requireSent: requireMessage,
    // With `oneofs` the name of the oneof is there as well, and tells which member is set.
    fieldReader: (field) => flatFieldReader(field, spelling, { oneofNamesSetMember: true }),
    json: structJson,
  };
}

function requireMessage(value: unknown, _type: DescMessage): Members {
  return isPlainObject(value) && !Object.hasOwn(value, '$typeName') && !Object.hasOwn(value, '$type') ? value : unexpectedType();
}

type ValueKind = 'string' | 'object' | 'list' | 'other';

/** The members of a `google.protobuf.Value`, in both spellings: proto-loader brings its own struct.proto along. */
const VALUE_KINDS: ReadonlyMap<string, ValueKind> = new Map([
  ['stringValue', 'string'],
  ['string_value', 'string'],
  ['structValue', 'object'],
  ['struct_value', 'object'],
  ['listValue', 'list'],
  ['list_value', 'list'],
  ['numberValue', 'other'],
  ['number_value', 'other'],
  ['boolValue', 'other'],
  ['bool_value', 'other'],
  ['nullValue', 'other'],
  ['null_value', 'other'],
]);

const NO_MEMBERS: Members = Object.freeze({});
const NO_ELEMENTS: readonly unknown[] = Object.freeze([]);

const structJson: JsonLayout = {
  document,
  asObject: (value) => {
    const struct = heldBy(value, 'object');
    return struct === undefined ? undefined : document(struct);
  },
  asList: (value) => {
    const list = value === undefined ? undefined : heldBy(value, 'list');
    return list === undefined ? undefined : elements(list);
  },
  asString: (value) => {
    const text = heldBy(value, 'string');
    return text === undefined || typeof text === 'string' ? text : unexpectedShape();
  },
};

function document(struct: unknown): Members {
  const fields = onlyMember(struct, 'fields');
  if (fields === undefined) {
    return NO_MEMBERS;
  }
  return isPlainObject(fields) ? fields : unexpectedShape();
}

function elements(list: unknown): readonly unknown[] {
  const values = onlyMember(list, 'values') ?? NO_ELEMENTS;
  return Array.isArray(values) ? values : unexpectedShape();
}

/**
 * Whether this is what proto-loader makes of a document with members. To a reader of plain JSON such a document has none
 * of them: a policy would be told nothing of what it says.
 */
export function isStructMessage(value: Members): boolean {
  const fields = ownMember(value, 'fields');
  if (Object.keys(value).length !== 1 || !isPlainObject(fields)) {
    return false;
  }
  const values = Object.values(fields);
  return values.length > 0 && values.every(isValueMessage);
}

function isValueMessage(value: unknown): boolean {
  return isPlainObject(value) && Object.keys(value).every((key) => key === 'kind' || VALUE_KINDS.has(key));
}

/** A member beside the one that there may be is a sign of plain JSON, which another generator makes. */
function onlyMember(message: unknown, name: string): unknown {
  if (!isPlainObject(message)) {
    return unexpectedShape();
  }
  for (const key of Object.keys(message)) {
    if (key !== name) {
      return unexpectedShape();
    }
  }
  return presentMember(message, name);
}

/** What a Value holds when it is of this kind. Bytes may set several kinds: a handler might take another than we. */
function heldBy(value: unknown, wanted: ValueKind): unknown {
  if (!isPlainObject(value)) {
    return unexpectedShape();
  }
  let found: unknown;
  let kind: ValueKind | undefined;
  for (const key of Object.keys(value)) {
    const member = value[key] ?? undefined;
    const keyKind = VALUE_KINDS.get(key);
    if (keyKind === undefined) {
      if (key !== 'kind' || typeof member !== 'string') {
        return unexpectedShape();
      }
    } else if (member !== undefined) {
      if (kind !== undefined) {
        return unexpectedShape();
      }
      kind = keyKind;
      found = member;
    }
  }
  return kind === wanted ? found : undefined;
}
