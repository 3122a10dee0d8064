import { create, type DescField, type DescMessage, type Message, ScalarType } from '@bufbuild/protobuf';

/** Random numbers that a seed repeats. */
export type Random = () => number;

/** Mulberry32: a generator of random numbers between 0 and 1. */
export function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Names that mean something to records, to generated code or to JavaScript. */
const NAMES = ['name', 'version', 'skills', 'authors', 'domains', 'type', 'locators', 'team', 'a', 'main', 'deep', 'list'];
const TRAPS = [
  'fields',
  'values',
  'kind',
  'stringValue',
  'structValue',
  'case',
  'value',
  '$typeName',
  '$type',
  '$case',
  'constructor',
  'toString',
];
const TEXTS = ['', 'a', 'acme/a', 'agntcy.dir.core.v1.RecordRef', 'stringValue', '__proto__', 'constructor', '1.0.0', 'ä☃'];

function pick<T>(random: Random, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)] as T;
}

function name(random: Random): string {
  return random() < 0.75 ? pick(random, NAMES) : pick(random, TRAPS);
}

function times<T>(random: Random, most: number, make: () => T): T[] {
  return Array.from({ length: Math.floor(random() * (most + 1)) }, make);
}

/** JSON that callers may write: mostly of the kinds that records have. */
function json(random: Random, depth: number): unknown {
  const kind = depth <= 0 ? 5 : Math.floor(random() * 8);
  switch (kind) {
    case 0:
    case 1:
    case 2:
      return times(random, 3, () => json(random, depth - 1));
    case 3:
    case 4:
      return object(random, depth - 1);
    case 5:
    case 6:
      return pick(random, TEXTS);
    default:
      return pick(random, [null, true, false, 0, 1.5, -1e300]);
  }
}

function object(random: Random, depth: number): Record<string, unknown> {
  return Object.fromEntries(times(random, 5, () => [name(random), json(random, depth)]));
}

/** A message of this type with some of its fields set at random. */
export function randomMessage(random: Random, type: DescMessage, depth = 3): Message {
  const init: Record<string, unknown> = {};
  for (const member of type.members) {
    if (random() < 0.3) continue;
    if (member.kind === 'oneof') {
      const field = pick(random, member.fields);
      init[member.localName] = { case: field.localName, value: single(random, field, depth) };
    } else {
      init[member.localName] = fieldValue(random, member, depth);
    }
  }
  return create(type, init);
}

function fieldValue(random: Random, field: DescField, depth: number): unknown {
  switch (field.fieldKind) {
    case 'list':
      return times(random, 3, () => single(random, field, depth));
    case 'map':
      return Object.fromEntries(times(random, 4, () => [name(random), single(random, field, depth)]));
    default:
      return single(random, field, depth);
  }
}

function single(random: Random, { message, enum: type, scalar }: DescField, depth: number): unknown {
  if (message !== undefined) {
    if (message.typeName === 'google.protobuf.Struct') return object(random, 3);
    return depth <= 0 ? create(message) : randomMessage(random, message, depth - 1);
  }
  if (type !== undefined) return pick(random, type.values).number;
  switch (scalar) {
    case ScalarType.STRING:
      return pick(random, TEXTS);
    case ScalarType.BOOL:
      return random() < 0.5;
    case ScalarType.UINT64:
      return BigInt(Math.floor(random() * 2 ** 53));
    case ScalarType.UINT32:
      return Math.floor(random() * 2 ** 32);
    default:
      throw new Error(`no random value of scalar ${scalar}`);
  }
}
