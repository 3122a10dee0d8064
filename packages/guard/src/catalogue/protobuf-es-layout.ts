import { create, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { type Members, type MessageLayout, ownMember, plainJson, unexpectedShape, unexpectedType } from './message-layout.js';

/**
 * Messages of @bufbuild/protobuf 2: each carries its type's name as `$typeName`, a oneof is `{ case, value }`, a
 * `google.protobuf.Struct` is plain JSON. Handlers may send plain objects, as `create()` takes them.
 */
export const protobufEsLayout: MessageLayout = {
  requireMessage,
  requireSent: (value, type) => {
    if (typeof value !== 'object' || value === null || Object.hasOwn(value, '$typeName')) {
      return requireMessage(value, type);
    }
    return requireMessage(complete(value, type), type);
  },
  fieldReader,
  json: plainJson,
};

function requireMessage(value: unknown, type: DescMessage): Members {
  return typeof value === 'object' && value !== null && ownMember(value as Members, '$typeName') === type.typeName
    ? (value as Members)
    : unexpectedType();
}

function complete(value: object, type: DescMessage): unknown {
  try {
    return create(type, value as Record<string, unknown>);
  } catch {
    return unexpectedShape();
  }
}

function fieldReader({ localName, oneof }: DescField): (message: Members) => unknown {
  if (oneof === undefined) {
    return (message) => ownMember(message, localName);
  }
  const group = oneof.localName;
  const cases = new Set<unknown>([undefined, ...oneof.fields.map((member) => member.localName)]);
  return (message) => {
    const set = ownMember(message, group);
    if (typeof set !== 'object' || set === null) {
      return unexpectedShape();
    }
    const name = ownMember(set as Members, 'case');
    if (!cases.has(name)) {
      return unexpectedShape(); // of a newer .proto: to the catalogue nothing would be set
    }
    return name === localName ? ownMember(set as Members, 'value') : undefined;
  };
}
