import type { JsonObject, JsonValue } from '@bufbuild/protobuf';

/** A deep copy of a JSON object that nobody can change, without prototypes: a claim may be called `constructor` (N-47). */
export function frozenCopy(object: JsonObject): Readonly<Record<string, unknown>> {
  const copy: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(object)) {
    Object.defineProperty(copy, name, { value: frozenValue(value), enumerable: true });
  }
  return Object.freeze(copy);
}

function frozenValue(value: JsonValue): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map(frozenValue));
  return typeof value === 'object' && value !== null ? frozenCopy(value) : value;
}
