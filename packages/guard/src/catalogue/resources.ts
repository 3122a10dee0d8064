import type { DescMessage } from '@bufbuild/protobuf';
import { GuardError } from '../guard-error.js';
import { Failure } from '../refusal.js';
import type { MessageRule, ResourceRule } from './catalogue.js';
import { type PathUse, resolveFieldPath } from './field-path.js';
import { createFieldReader, type FieldReader } from './message-fields.js';
import type { Members, MessageLayout } from './message-layout.js';

/** What one decision is about. */
export interface Resource {
  readonly type: string;
  readonly id?: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** The record whose facts `describe` may add to `properties`. */
  readonly describedBy?: string;
}

/** Reads the resources of one message. */
export type ResourceReader = (message: unknown) => readonly Resource[];

/** Who made the messages that are read: the generated code, of bytes, or a handler. */
export type MessageOrigin = 'received' | 'sent';

/** A message that names more is refused: each would be a decision of its own. */
const MAX_RESOURCES = 1000;

interface CompiledRule {
  readonly rule: ResourceRule;
  readonly when: FieldReader | undefined;
  readonly id: FieldReader | undefined;
  readonly describedBy: FieldReader | undefined;
  /** `describe` is asked about the resource's own id. */
  readonly describesItself: boolean;
  readonly properties: readonly (readonly [name: string, reader: FieldReader])[];
}

/**
 * Compiles one message rule of the catalogue for messages of one layout. The reader answers at least one resource, so
 * that no message goes unjudged.
 *
 * @throws {GuardError} `config_invalid` for a rule that does not fit its message
 */
export function createResourceReader(
  { message: type, resources }: MessageRule,
  layout: MessageLayout,
  origin: MessageOrigin = 'received',
): ResourceReader {
  if (type?.kind !== 'message') {
    throw new GuardError('config_invalid', 'catalogue: a message rule has no message descriptor: make it with createCatalogue');
  }
  const rules = resources.map((rule) => compileRule(rule, type, layout));
  const requireMessage = origin === 'sent' ? layout.requireSent : layout.requireMessage;
  return (message) => {
    const fields = requireMessage(message, type);
    const compiled = rules.find(({ when }) => when === undefined || when.one(fields) !== undefined);
    if (compiled === undefined) {
      throw new Failure('message_unreadable', ['no_resource_rule_applies']);
    }
    return readResources(fields, compiled);
  };
}

function compileRule(rule: ResourceRule, type: DescMessage, layout: MessageLayout): CompiledRule {
  const compile = (text: string, use: PathUse = 'string'): FieldReader =>
    createFieldReader(resolveFieldPath(type, text, use, `catalogue: ${type.typeName}`), layout);
  const { when, id, describedBy } = rule;
  return {
    rule,
    when: when === undefined ? undefined : compile(when, 'presence'),
    id: id === undefined ? undefined : compile(id),
    describedBy: describedBy === undefined ? undefined : compile(describedBy),
    describesItself: describedBy !== undefined && describedBy === id,
    properties: Object.entries(rule.properties ?? {}).map(([name, text]) => [name, compile(text, 'value')]),
  };
}

function readResources(message: Members, compiled: CompiledRule): readonly Resource[] {
  const properties = readProperties(message, compiled);
  const { id: reader, describesItself } = compiled;
  const { type } = compiled.rule;
  if (reader === undefined || !reader.repeated) {
    const id = reader?.one(message);
    return [resourceOf(type, id, properties, describesItself ? id : compiled.describedBy?.one(message))];
  }
  const ids = reader.all(message);
  if (ids.length > MAX_RESOURCES) {
    throw new Failure('too_many_resources');
  }
  const describedBy = describesItself ? undefined : compiled.describedBy?.one(message);
  return ids.length === 0
    ? [resourceOf(type, undefined, properties, describedBy)]
    : ids.map((id) => resourceOf(type, id, properties, describesItself ? id : describedBy));
}

/** An id that is not set is left out: the resource is judged all the same. */
function resourceOf(type: string, id: unknown, properties: Resource['properties'], describedBy: unknown): Resource {
  if (!isSet(id)) {
    return isSet(describedBy) ? { type, properties, describedBy } : { type, properties };
  }
  return isSet(describedBy) ? { type, id, properties, describedBy } : { type, id, properties };
}

function readProperties(
  message: Members,
  { rule, properties, describedBy, describesItself }: CompiledRule,
): Resource['properties'] {
  const read: Record<string, unknown> = { ...rule.constants };
  for (const [name, reader] of properties) {
    if (reader.repeated) {
      const values = reader.all(message).filter(isSet);
      if (values.length > 0) {
        read[name] = Object.freeze(values);
      }
    } else {
      const value = reader.one(message);
      if (isSet(value) || (typeof value === 'number' && value !== 0)) {
        read[name] = value;
      } else if (describedBy !== undefined && !describesItself) {
        read[name] = undefined; // what is described is another thing, and must not fill it in
      }
    }
  }
  return Object.freeze(read); // one for all resources of the message, and shown to sinks
}

/** An empty string is the default value and counts as absent, as 0 does. */
function isSet(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
