import type { DescField } from '@bufbuild/protobuf';
import { foreignNames, type Spelling, spelledName } from './generated-names.js';
import { type Members, type MessageLayout, ownMember, unexpectedShape } from './message-layout.js';

/**
 * Reads fields where every one of them, members of a oneof too, is a member of the message: ts-proto by default, and
 * @grpc/proto-loader. Absent is a member that is not there, `undefined` or `null`.
 *
 * Bytes may set several members of a oneof, and these generators keep them all: which one the handler takes cannot be
 * known, so such a message is refused.
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
  return (message) => {
    refuseForeign(message, foreign);
    for (const group of groups) {
      if (Object.hasOwn(message, group) && !(oneofNamesSetMember && typeof message[group] === 'string')) {
        return unexpectedShape(); // a union
      }
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

/** A member of the message's own that is there, and is not `null`. */
export function presentMember(message: Members, name: string): unknown {
  return ownMember(message, name) ?? undefined;
}
