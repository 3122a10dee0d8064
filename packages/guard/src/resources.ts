import type { MessageRule, ResourceRule } from './catalogue.js';
import { type FieldPath, messageTypeName, parseFieldPath, readField } from './message-fields.js';
import { Failure } from './refusal.js';

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

/** A message that names more is refused: each would be a decision of its own. */
const MAX_RESOURCES = 1000;

interface CompiledRule {
  readonly rule: ResourceRule;
  readonly when: FieldPath | undefined;
  readonly id: FieldPath | undefined;
  readonly describedBy: FieldPath | undefined;
  /** `describe` is asked about the resource's own id. */
  readonly describesItself: boolean;
  readonly properties: readonly (readonly [name: string, path: FieldPath])[];
}

/**
 * Compiles one message rule of the catalogue. The reader answers at least one resource, so that no message goes
 * unjudged.
 *
 * @throws {GuardError} `config_invalid` for a field path that is none.
 */
export function createResourceReader(messageRule: MessageRule): ResourceReader {
  const parse = (text: string | undefined): FieldPath | undefined =>
    text === undefined ? undefined : parseFieldPath(text, messageRule);
  const rules = messageRule.resources.map(
    (rule): CompiledRule => ({
      rule,
      when: parse(rule.when),
      id: parse(rule.id),
      describedBy: parse(rule.describedBy),
      describesItself: rule.describedBy !== undefined && rule.describedBy === rule.id,
      properties: Object.entries(rule.properties ?? {}).map(([name, text]) => [name, parseFieldPath(text, messageRule)]),
    }),
  );
  return (message) => {
    if (messageTypeName(message) !== messageRule.message) {
      throw new Failure('message_unreadable', ['message_type_unexpected']);
    }
    const fields = message as object;
    const compiled = rules.find(({ when }) => when === undefined || readField(fields, when).length > 0);
    if (compiled === undefined) {
      throw new Failure('message_unreadable', ['no_resource_rule_applies']);
    }
    return readResources(fields, compiled);
  };
}

function readResources(message: object, compiled: CompiledRule): readonly Resource[] {
  const properties = readProperties(message, compiled);
  const { type } = compiled.rule;
  const ids = compiled.id ? readField(message, compiled.id) : [];
  if (ids.length > MAX_RESOURCES) {
    throw new Failure('too_many_resources');
  }
  const describedBy = compiled.describedBy ? readField(message, compiled.describedBy).find(isSet) : undefined;
  if (ids.length === 0) {
    return [{ type, properties, ...(describedBy !== undefined && { describedBy }) }];
  }
  return ids.map((id) => {
    if (!isSet(id)) {
      return { type, properties }; // an empty id is judged too, as a resource of that type
    }
    const described = compiled.describesItself ? id : describedBy;
    return { type, id, properties, ...(described !== undefined && { describedBy: described }) };
  });
}

function readProperties(message: object, { rule, properties }: CompiledRule): Record<string, unknown> {
  const read: Record<string, unknown> = { ...rule.constants };
  for (const [name, path] of properties) {
    const values = readField(message, path).filter(isSet);
    if (values.length > 0) {
      read[name] = path.repeated ? values : values[0];
    }
  }
  return read;
}

/** Facts are strings; an empty one is the default value and counts as absent. */
function isSet(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
