import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { Failure } from '../refusal.js';

/** An object whose own members are read by name. */
export type Members = Readonly<Record<string, unknown>>;

/**
 * How one code generator lays a protobuf message out in JavaScript. Whatever does not fit is a {@link Failure}: a
 * message that is half understood would let the policy see less, or something else, than the handler.
 */
export interface MessageLayout {
  /** Answers the value when it is a message of this type. @throws {Failure} */
  requireMessage(value: unknown, type: DescMessage): Members;
  /** The same for a message that a handler sends, which may be less than what a message received looks like. */
  requireSent(value: unknown, type: DescMessage): Members;
  /**
   * Prepares to read one field of messages that {@link requireMessage} let pass. An absent field reads as `undefined`,
   * a repeated one as an array.
   *
   * @throws {GuardError} `config_invalid` when the field's name is not its own in this layout
   */
  fieldReader(field: DescField): (message: Members) => unknown;
  /** How the JSON in a `google.protobuf.Struct` is laid out. */
  readonly json: JsonLayout;
}

/** Reads the JSON of a caller. Of another kind reads as `undefined`: a caller may write whatever JSON there is. */
export interface JsonLayout {
  /** The members of the whole document. @throws {Failure} */
  document(struct: unknown): Members;
  asObject(value: unknown): Members | undefined;
  asList(value: unknown): readonly unknown[] | undefined;
  asString(value: unknown): string | undefined;
}

/** Refuses a message whose shape is not the one that was agreed on. */
export function unexpectedShape(): never {
  throw new Failure('message_unreadable', ['message_shape_unexpected']);
}

/** Refuses a message of another type. */
export function unexpectedType(): never {
  throw new Failure('message_unreadable', ['message_type_unexpected']);
}

/** A member of an object's own; what it inherits is no part of a message. */
export function ownMember(members: Members, name: string): unknown {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

/**
 * Whether this is an object as generated code makes them of data. One with another prototype is none: a key
 * `__proto__` may have put it there, and a handler would see members that are not the object's own.
 */
export function isPlainObject(value: unknown): value is Members {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** JSON as JSON: how @bufbuild/protobuf and ts-proto have it. */
export const plainJson: JsonLayout = {
  document: (struct) => (isPlainObject(struct) ? struct : unexpectedShape()),
  asObject: (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return undefined;
    }
    return isPlainObject(value) ? value : unexpectedShape();
  },
  asList: (value) => (Array.isArray(value) ? value : undefined),
  asString: (value) => (typeof value === 'string' ? value : undefined),
};
