import type { DescField } from '@bufbuild/protobuf';
import { foreignNames, type Spelling, spelledName } from './generated-names.js';
import { type Members, type MessageLayout, ownMember, unexpectedShape } from './message-layout.js';

/**
 * Reads fields where every one of them, members of a oneof too, is a member of the message: ts-proto by default, and
 * @grpc/proto-loader. Absent is a member that is not there, `undefined` or `null`.
 *
 * Bytes may set several members of a oneof, and these generators keep them all: which one the handler takes cannot be
 * known, so such a message is refused. So is one that sets a member which the catalogue does not know: it may be one of a
 * newer .proto's oneof, of which otherwise nothing would seem to be set.
 */
export function flatFieldReader(
  field: DescField,
  spelling: Spelling,
  { oneofNamesSetMember }: { readonly oneofNamesSetMember: boolean },
): ReturnType<MessageLayout['fieldReader']> {
  const name = spelledName(field, spelling);
  const { oneof } = field;
  const known = field.parent.fields.map((other) => spelling(other.name));
  const foreign = foreignNames([field], known);
  const groups = oneof === undefined ? [] : foreignNames([oneof], known);
  const siblings = oneof?.fields.filter((other) => other !== field).map((other) => spelling(other.name)) ?? [];
  const cases = oneof?.fields.map((other) => spelling(other.name)) ?? [];
  const names = new Set([...known, ...field.parent.oneofs.map((other) => spelling(other.name)), ...foreign, ...groups]);
  return (message) => {
    refuseForeign(message, foreign);
    for (const group of groups) {
      if (Object.hasOwn(message, group) && !(oneofNamesSetMember && cases.includes(message[group] as string))) {
        return unexpectedShape(); // a union, or a member of a newer .proto
      }
    }
    if (oneof !== undefined) {
      refuseUnknown(message, names);
    }
    const value = presentMember(message, name);
    if (value !== undefined) {
      for (const sibling of siblings) {
        if (presentMember(message, sibling) !== undefined) {
          return unexpectedShape();
        }
      }
    }
    return value;
  };
}

/** Refuses a message that has one of these names. */
export function refuseForeign(message: Members, foreign: readonly string[]): void {
  for (const name of foreign) {
    if (Object.hasOwn(message, name)) {
      unexpectedShape();
    }
  }
}

/** Refuses a message that sets what has none of these names; `$type` and `_name` are what generators add. */
function refuseUnknown(message: Members, names: ReadonlySet<string>): void {
  for (const name of Object.keys(message)) {
    if (!names.has(name) && !/^[$_]/.test(name) && !isDefault(message[name])) {
      unexpectedShape();
    }
  }
}

/** What generators write where nothing is set. */
function isDefault(value: unknown): boolean {
  return (value ?? false) === false || value === '' || value === 0 || (Array.isArray(value) && value.length === 0);
}

/** A member of the message's own that is there, and is not `null`. */
export function presentMember(message: Members, name: string): unknown {
  return ownMember(message, name) ?? undefined;
}
