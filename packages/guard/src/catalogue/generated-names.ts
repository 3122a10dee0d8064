import type { DescField, DescOneof } from '@bufbuild/protobuf';
import { GuardError } from '../guard-error.js';

/** How a generator spells the name of a field or of a oneof. */
export type Spelling = (protoName: string) => string;

/** As the proto file has it. */
export const asInProto: Spelling = (name) => name;

/** As protobufjs: `record_ref` is `recordRef`, `part_1` stays. */
export const camelAsProtobufjs: Spelling = (name) =>
  name.charAt(0) + name.slice(1).replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** As ts-proto: `record_ref` is `recordRef`, `part_1` is `part1`, `SOME_NAME` is `someName`. */
export const camelAsTsProto: Spelling = (name) => {
  if (!name.includes('_')) {
    return name;
  }
  const [first = '', ...words] = (/[a-z]/.test(name) ? name : name.toLowerCase()).split('_');
  return first + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
};

const SPELLINGS: readonly Spelling[] = [asInProto, camelAsProtobufjs, camelAsTsProto];

/**
 * The names by which a message would show that it is spelled in another way than was agreed on: all spellings of these
 * members, but for those that are names of the message anyway.
 */
export function foreignNames(members: readonly (DescField | DescOneof)[], known: readonly string[]): readonly string[] {
  const all = members.flatMap(({ name }) => SPELLINGS.map((spell) => spell(name)));
  return [...new Set(all)].filter((name) => !known.includes(name));
}

/** The name of a field in this spelling. @throws {GuardError} `config_invalid` when another field has it too */
export function spelledName(field: DescField, spelling: Spelling): string {
  const name = spelling(field.name);
  if (field.parent.fields.some((other) => other !== field && spelling(other.name) === name)) {
    throw new GuardError('config_invalid', `catalogue: two fields of ${field.parent.typeName} are "${name}" in its messages`);
  }
  return name;
}
