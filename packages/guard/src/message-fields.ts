import type { MessageRule } from './catalogue.js';
import { GuardError } from './guard-error.js';

/** One step of a field path. */
interface Step {
  /** As written in the path: proto name, or JSON member below a Struct. */
  readonly name: string;
  /** The name that @bufbuild/protobuf gives the field. */
  readonly localName: string;
  /** The local name of the oneof that the field is a member of. */
  readonly oneof: string | undefined;
  /** Each element of the field is meant. */
  readonly each: boolean;
  /** The value this step reads from is JSON that the caller wrote, not a message. */
  readonly json: boolean;
}

/** A parsed field path such as `record_refs.refs[].cid`. */
export interface FieldPath {
  readonly steps: readonly Step[];
  /** The path has `[]` in it, so it reads any number of values. */
  readonly repeated: boolean;
}

/** Parses a field path of `rule`. @throws {GuardError} `config_invalid` when it is none. */
export function parseFieldPath(text: string, rule: Pick<MessageRule, 'oneofs' | 'structs'>): FieldPath {
  let json = false;
  let prefix = '';
  const steps = text.split('.').map((part): Step => {
    const each = part.endsWith('[]');
    const name = each ? part.slice(0, -2) : part;
    if (!/^[a-z][a-z0-9_]*$/.test(name)) {
      throw new GuardError('config_invalid', `not a field path: "${text}"`);
    }
    prefix = prefix === '' ? name : `${prefix}.${name}`;
    const oneof = rule.oneofs?.[prefix];
    const step = { name, localName: localName(name), oneof: oneof && localName(oneof), each, json };
    json ||= rule.structs?.includes(prefix) ?? false;
    return step;
  });
  return { steps, repeated: steps.some((step) => step.each) };
}

/** Reads all values at a path out of a message of @bufbuild/protobuf. Absent fields read as nothing. */
export function readField(message: object, path: FieldPath): readonly unknown[] {
  let values: readonly unknown[] = [message];
  for (const step of path.steps) {
    const next: unknown[] = [];
    for (const value of values) {
      const member = readMember(value, step);
      if (!step.each) {
        if (member !== undefined) {
          next.push(member);
        }
      } else if (Array.isArray(member)) {
        for (const element of member as readonly unknown[]) {
          next.push(element);
        }
      }
    }
    values = next;
  }
  return values;
}

/** The full name of a message's type, or `undefined` when this is no message that we can read. */
export function messageTypeName(message: unknown): string | undefined {
  return isObject(message) && Object.hasOwn(message, '$typeName') && typeof message['$typeName'] === 'string'
    ? message['$typeName']
    : undefined;
}

function readMember(value: unknown, step: Step): unknown {
  if (!isObject(value)) {
    return undefined;
  }
  if (step.json) {
    return ownMember(value, step.name);
  }
  if (step.oneof !== undefined) {
    const group = ownMember(value, step.oneof);
    return isObject(group) && group['case'] === step.localName ? group['value'] : undefined;
  }
  return ownMember(value, step.localName);
}

function ownMember(value: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** lowerCamelCase as protoc-gen-es spells it. */
function localName(protoName: string): string {
  return protoName.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
