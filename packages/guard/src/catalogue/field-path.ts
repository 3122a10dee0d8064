import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { GuardError } from '../guard-error.js';

/** One step of a field path. */
export type PathStep =
  | {
      readonly kind: 'field';
      readonly field: DescField;
      /** Each element of the field is meant. */
      readonly each: boolean;
    }
  /** The entry of a map with string keys. */
  | { readonly kind: 'entry'; readonly key: string; readonly field: DescField }
  /** A member of a JSON object that the caller wrote, in a `google.protobuf.Struct`. */
  | { readonly kind: 'json'; readonly name: string; readonly each: boolean };

/** A field path such as `record_refs.refs[].cid`, every step of which exists. */
export interface FieldPath {
  readonly steps: readonly PathStep[];
  /** The path has `[]` in it, so it reads any number of values. */
  readonly repeated: boolean;
}

/** What a path is for: to read strings, to read a string or a whole number, or to see whether a field is set. */
export type PathUse = 'string' | 'value' | 'presence';

/** What the steps so far lead to. */
type Place =
  | { readonly at: 'message'; readonly type: DescMessage }
  | { readonly at: 'map'; readonly field: DescField }
  | { readonly at: 'json' }
  | { readonly at: 'value'; readonly holds: 'string' | 'integer' | 'other'; readonly type: string };

const STRUCT = 'google.protobuf.Struct';
/** What an absent field reads as, unless a proto2 file says otherwise. */
const NO_DEFAULTS: ReadonlySet<unknown> = new Set([undefined, '', 0]);
/** Whole numbers that every code generator has as a number: the wider ones are text or a bigint to some. */
const INTEGERS: ReadonlySet<ScalarType | undefined> = new Set([
  ScalarType.INT32,
  ScalarType.UINT32,
  ScalarType.SINT32,
  ScalarType.FIXED32,
  ScalarType.SFIXED32,
]);
/** Types that code generators replace by something of their own, each by something else. */
const REPLACED = /^google\.protobuf\.(?:Any|Duration|FieldMask|ListValue|Timestamp|Value|[A-Z][a-z0-9A-Z]*Value)$/;

/**
 * Resolves a field path from a message type on.
 *
 * @throws {GuardError} `config_invalid` when a step does not exist, `[]` is where nothing is repeated or missing where
 *   something is, or the end is not of use
 */
export function resolveFieldPath(type: DescMessage, text: string, use: PathUse, where: string): FieldPath {
  const fail = (why: string): never => {
    throw new GuardError('config_invalid', `${where}: "${text}" ${why}`);
  };
  const steps: PathStep[] = [];
  let place: Place = { at: 'message', type };
  for (const part of text.split('.')) {
    const each = part.endsWith('[]');
    const name = each ? part.slice(0, -2) : part;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name === '__proto__') {
      fail('is no field path: write names, separated by dots, with [] behind a repeated one');
    }
    const step: PathStep = nextStep(place, name, each, fail);
    steps.push(step);
    place = placeAfter(step, fail);
  }
  const repeated = steps.some((step) => step.kind !== 'entry' && step.each);
  if (use === 'presence') {
    requirePresence(steps.at(-1), repeated, fail);
  } else {
    requireValue(place, steps.at(-1), use === 'value' && !repeated, fail);
  }
  return { steps, repeated };
}

type Fail = (why: string) => never;

function nextStep(place: Place, name: string, each: boolean, fail: Fail): PathStep {
  switch (place.at) {
    case 'json':
      return { kind: 'json', name, each };
    case 'map':
      return each ? fail(`has [] behind "${name}", the key of a map`) : { kind: 'entry', key: name, field: place.field };
    case 'value':
      return fail(`goes on with "${name}" below ${place.type}, which has no fields`);
    case 'message':
      return fieldStep(place.type, name, each, fail);
  }
}

function fieldStep(type: DescMessage, name: string, each: boolean, fail: Fail): PathStep {
  const field = type.fields.find((candidate) => candidate.name === name);
  if (field === undefined) {
    const names = type.fields.map((candidate) => candidate.name).join(', ');
    return fail(`names "${name}", but ${type.typeName} has ${names === '' ? 'no fields' : `only ${names}`}`);
  }
  if (each && field.fieldKind !== 'list') {
    return fail(`has [] behind "${name}", which is not repeated: leave it out`);
  }
  if (!each && field.fieldKind === 'list') {
    return fail(`needs [] behind "${name}", which is repeated: write ${name}[]`);
  }
  return { kind: 'field', field, each };
}

function placeAfter(step: PathStep, fail: Fail): Place {
  if (step.kind === 'json') {
    return { at: 'json' };
  }
  const { field } = step;
  if (step.kind === 'field' && field.fieldKind === 'map') {
    return field.mapKey === ScalarType.STRING
      ? { at: 'map', field }
      : fail(`leads through the map "${field.name}", whose keys are no strings`);
  }
  const { message } = field;
  if (message?.typeName === STRUCT) {
    return { at: 'json' };
  }
  if (message !== undefined && REPLACED.test(message.typeName)) {
    return { at: 'value', holds: 'other', type: message.typeName };
  }
  return message === undefined
    ? { at: 'value', holds: heldBy(field), type: `"${field.name}"` }
    : { at: 'message', type: message };
}

function heldBy({ scalar }: DescField): 'string' | 'integer' | 'other' {
  if (scalar === ScalarType.STRING) {
    return 'string';
  }
  return isInteger(scalar) ? 'integer' : 'other';
}

/** Whether a field of this type is read as a whole number. */
export function isInteger(scalar: ScalarType | undefined): boolean {
  return INTEGERS.has(scalar);
}

function requireValue(place: Place, last: PathStep | undefined, mayBeInteger: boolean, fail: Fail): void {
  if (place.at === 'map' || (place.at === 'json' && last?.kind !== 'json')) {
    fail(`ends at a ${place.at === 'map' ? 'map' : 'Struct'}: name one of its members behind a dot`);
  }
  const isValue = place.at !== 'value' || place.holds === 'string' || (mayBeInteger && place.holds === 'integer');
  if (place.at === 'message' || !isValue) {
    fail(`does not end at a string field${mayBeInteger ? ', nor at a whole number of 32 bits' : ''}`);
  }
  if (last?.kind === 'field' && last.field.fieldKind === 'scalar' && !NO_DEFAULTS.has(last.field.getDefaultValue())) {
    fail('has a default in its proto2 file: where it is absent a handler would read that, and a policy nothing');
  }
}

function requirePresence(last: PathStep | undefined, repeated: boolean, fail: Fail): void {
  const tells =
    !repeated &&
    last?.kind === 'field' &&
    last.field.fieldKind !== 'map' &&
    last.field.presence !== FeatureSet_FieldPresence.IMPLICIT;
  if (!tells) {
    fail('cannot be seen to be set or not: name a member of a oneof, a message, or an optional field');
  }
}
