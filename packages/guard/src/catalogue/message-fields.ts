import { ScalarType } from '@bufbuild/protobuf';
import { type FieldPath, isInteger, type PathStep } from './field-path.js';
import { isPlainObject, type Members, type MessageLayout, ownMember, unexpectedShape } from './message-layout.js';

/** Reads the values at one field path out of a message that the layout let pass. */
export interface FieldReader {
  /** The path has `[]` in it. */
  readonly repeated: boolean;
  /** The value at a path without `[]`; absent reads as `undefined`. @throws {Failure} */
  one(message: Members): unknown;
  /**
   * A value for each element at a path with `[]`; `undefined` for an element that has none, so that none is lost.
   *
   * @throws {Failure}
   */
  all(message: Members): readonly unknown[];
}

interface Step {
  /** Reads what the step names; `undefined` when it is absent. */
  readonly read: (from: Members) => unknown;
  readonly each: boolean;
  /** Makes what was read, or each element of it, ready for the next step, or the value at the end. */
  readonly next: (value: unknown) => unknown;
}

/** Compiles a field path for messages of one layout. @throws {GuardError} `config_invalid` */
export function createFieldReader({ steps: path, repeated }: FieldPath, layout: MessageLayout): FieldReader {
  const steps = path.map((step, index) => compileStep(step, path[index + 1], layout));
  return {
    repeated,
    one: (message) => {
      let value: unknown = message;
      for (const { read, next } of steps) {
        value = read(value as Members);
        if (value === undefined) {
          return undefined;
        }
        value = next(value);
        if (value === undefined) {
          return undefined;
        }
      }
      return value;
    },
    all: (message) => {
      const values: unknown[] = [];
      collect(message, steps, 0, values);
      return values;
    },
  };
}

function collect(from: Members, steps: readonly Step[], start: number, values: unknown[]): void {
  let value: unknown = from;
  for (let index = start; index < steps.length; index++) {
    const { read, each, next } = steps[index] as Step;
    const member = read(value as Members);
    if (each) {
      collectEach(member, steps, index, values);
      return;
    }
    value = member === undefined ? undefined : next(member);
    if (value === undefined) {
      break;
    }
  }
  if (start > 0) {
    values.push(value); // in an element; outside of one, what is absent has no elements
  }
}

function collectEach(list: unknown, steps: readonly Step[], index: number, values: unknown[]): void {
  if (list === undefined) {
    return;
  }
  const { next } = steps[index] as Step;
  for (const element of list as readonly unknown[]) {
    const value = next(element);
    if (value === undefined || index === steps.length - 1) {
      values.push(value);
    } else {
      collect(value as Members, steps, index + 1, values);
    }
  }
}

function compileStep(step: PathStep, following: PathStep | undefined, layout: MessageLayout): Step {
  switch (step.kind) {
    case 'json': {
      const { name, each } = step;
      const { asList, asObject, asString } = layout.json;
      const read = (from: Members): unknown => ownMember(from, name);
      return {
        read: each ? (from) => asList(read(from)) : read,
        each,
        next: following === undefined ? asString : asObject,
      };
    }
    case 'entry':
      return { read: (map) => ownMember(map, step.key), each: false, next: nextOfField(step, following, layout) };
    case 'field': {
      const read = layout.fieldReader(step.field);
      return {
        read: step.each ? (from) => requireList(read(from)) : read,
        each: step.each,
        next: nextOfField(step, following, layout),
      };
    }
  }
}

function nextOfField(
  step: Extract<PathStep, { readonly kind: 'field' | 'entry' }>,
  following: PathStep | undefined,
  layout: MessageLayout,
): Step['next'] {
  const { message, scalar } = step.field;
  switch (following?.kind) {
    case 'entry':
      return (map) => (isPlainObject(map) ? map : unexpectedShape());
    case 'json':
      return layout.json.document;
    case 'field':
      return message === undefined ? unexpectedShape : (value) => layout.requireMessage(value, message);
    case undefined:
      if (scalar === ScalarType.STRING) {
        return requireString;
      }
      return isInteger(scalar) ? requireInteger : (value) => value; // the end of a path that asks whether it is set
  }
}

function requireList(value: unknown): readonly unknown[] | undefined {
  return value === undefined || Array.isArray(value) ? value : unexpectedShape();
}

function requireString(value: unknown): string {
  return typeof value === 'string' ? value : unexpectedShape();
}

function requireInteger(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) ? value : unexpectedShape();
}
