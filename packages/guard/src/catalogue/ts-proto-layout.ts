import type { DescField, DescMessage, DescOneof } from '@bufbuild/protobuf';
import { flatFieldReader, presentMember, refuseForeign } from './flat-fields.js';
import { asInProto, camelAsTsProto, foreignNames, type Spelling, spelledName } from './generated-names.js';
import {
  isPlainObject,
  type Members,
  type MessageLayout,
  ownMember,
  plainJson,
  unexpectedShape,
  unexpectedType,
} from './message-layout.js';
import { isStructMessage } from './proto-loader-layout.js';

/** The options of ts-proto that change what messages look like, with its own names and defaults. */
export interface TsProtoOptions {
  /** Default `properties`. */
  readonly oneof?: 'properties' | 'unions' | 'unions-value';
  /** Whether fields are in camelCase; default `true`. ts-proto's `snakeToCamel=false`, or one without `keys`, is `false`. */
  readonly snakeToCamel?: boolean;
}

/**
 * Messages of ts-proto: plain objects, a oneof flat or a union with `$case`, a `google.protobuf.Struct` as plain JSON.
 * Options that make something else of a message (`usePrototypeForDefaults`, `useMapType`, `useJsonName`) do not fit.
 */
export function createTsProtoLayout({ oneof = 'properties', snakeToCamel = true }: TsProtoOptions = {}): MessageLayout {
  const spelling = snakeToCamel ? camelAsTsProto : asInProto;
  return {
    requireMessage,
    requireSent: requireMessage,
    fieldReader: (field) =>
      field.oneof === undefined || oneof === 'properties'
        ? flatFieldReader(field, spelling, { oneofNamesSetMember: false })
        : unionMemberReader(field, field.oneof, spelling, oneof === 'unions-value' ? 'value' : undefined),
    json: { ...plainJson, document },
  };
}

function requireMessage(value: unknown, type: DescMessage): Members {
  if (!isPlainObject(value) || Object.hasOwn(value, '$typeName')) {
    return unexpectedType();
  }
  // With outputTypeAnnotations a message says what it is.
  return Object.hasOwn(value, '$type') && value['$type'] !== type.typeName ? unexpectedType() : value;
}

/** JSON as JSON; what looks like proto-loader's is refused, in case that this is no server of ts-proto. */
function document(struct: unknown): Members {
  const members = plainJson.document(struct);
  return Object.hasOwn(members, 'fields') && isStructMessage(members) ? unexpectedShape() : members;
}

/** `request: { $case: 'recordRefs', recordRefs: … }`, or `value` in place of the name. */
function unionMemberReader(
  field: DescField,
  oneof: DescOneof,
  spelling: Spelling,
  valueName?: string,
): ReturnType<MessageLayout['fieldReader']> {
  const name = spelledName(field, spelling);
  const group = spelling(oneof.name);
  const cases = new Set(oneof.fields.map((member) => spelling(member.name)));
  const known = field.parent.members.map((member) => spelling(member.name));
  const foreign = foreignNames([oneof, ...oneof.fields], known);
  return (message) => {
    refuseForeign(message, foreign);
    const union = presentMember(message, group);
    if (union === undefined) {
      return undefined;
    }
    const set = isPlainObject(union) ? ownMember(union, '$case') : undefined;
    if (typeof set !== 'string' || !cases.has(set)) {
      return unexpectedShape();
    }
    return set === name ? (ownMember(union as Members, valueName ?? name) ?? unexpectedShape()) : undefined;
  };
}
