import { describe, expect, test } from 'vitest';
import { messageIn } from '../test-support/proto-file.js';
import { resolveFieldPath } from './field-path.js';
import { createFieldReader } from './message-fields.js';
import { layoutOf, type MessageGenerator } from './message-generator.js';

const type = messageIn(
  {
    messages: {
      Ref: { cid: 'string', part_1: 'string', opt_note: 'optional string' },
      Message: {
        record_ref: 'Ref',
        many_refs: 'repeated Ref',
        one_ref: 'some_choice: Ref',
        name: 'some_choice: string',
        data: 'Struct',
        ref_by_name: 'map Ref',
      },
    },
  },
  'Message',
);

/** What `message` has at `path` to a reader of this generator's messages. */
function read(messages: MessageGenerator, path: string, message: unknown): unknown {
  const layout = layoutOf(messages);
  const reader = createFieldReader(resolveFieldPath(type, path, 'string', 'test'), layout);
  const members = layout.requireMessage(message, type);
  return reader.repeated ? reader.all(members) : reader.one(members);
}

const refused = expect.objectContaining({ code: 'message_unreadable' });
const snake: MessageGenerator = { generator: 'ts-proto', snakeToCamel: false };
const unions: MessageGenerator = { generator: 'ts-proto', oneof: 'unions' };
const unionsValue: MessageGenerator = { generator: 'ts-proto', oneof: 'unions-value' };
const keepCase: MessageGenerator = { generator: 'proto-loader', keepCase: true };
const struct = (name: unknown) => ({ fields: { name } });

test.each<[MessageGenerator, string, unknown, unknown]>([
  ['ts-proto', 'record_ref.cid', { recordRef: { cid: 'c' } }, 'c'],
  ['ts-proto', 'record_ref.part_1', { recordRef: { part1: 'p' } }, 'p'],
  ['ts-proto', 'record_ref.opt_note', { recordRef: { optNote: undefined } }, undefined],
  ['ts-proto', 'record_ref.cid', { recordRef: null }, undefined],
  ['ts-proto', 'record_ref.cid', {}, undefined],
  ['ts-proto', 'many_refs[].cid', { manyRefs: [{ cid: 'a' }, {}] }, ['a', undefined]],
  ['ts-proto', 'one_ref.cid', { oneRef: { cid: 'c' }, name: undefined }, 'c'],
  ['ts-proto', 'one_ref.cid', { oneRef: null, name: 'n' }, undefined],
  ['ts-proto', 'data.name', { data: { name: 'n', fields: { name: { stringValue: 'forged' } } } }, 'n'],
  ['ts-proto', 'data.name', { data: { fields: {} } }, undefined],
  ['ts-proto', 'data.fields', { data: { fields: 'n' } }, 'n'],
  ['ts-proto', 'data.fields.name', { data: { fields: { name: 'n' } } }, 'n'],
  ['ts-proto', 'ref_by_name.main.cid', { refByName: { main: { cid: 'c' } } }, 'c'],
  ['ts-proto', 'record_ref.cid', { $type: 'test.v1.Message', recordRef: { $type: 'test.v1.Ref', cid: 'c' } }, 'c'],
  [snake, 'record_ref.part_1', { record_ref: { part_1: 'p' } }, 'p'],
  [unions, 'one_ref.cid', { someChoice: { $case: 'oneRef', oneRef: { cid: 'c' } } }, 'c'],
  [unions, 'one_ref.cid', { someChoice: { $case: 'name', name: 'n' } }, undefined],
  [unions, 'one_ref.cid', { someChoice: undefined }, undefined],
  [unionsValue, 'one_ref.cid', { someChoice: { $case: 'oneRef', value: { cid: 'c' } } }, 'c'],
  [unionsValue, 'name', { someChoice: { $case: 'name', value: 'n' } }, 'n'],
  ['proto-loader', 'record_ref.part_1', { recordRef: { part_1: 'p' } }, 'p'],
  ['proto-loader', 'one_ref.cid', { oneRef: { cid: 'c' }, someChoice: 'oneRef' }, 'c'],
  ['proto-loader', 'record_ref.cid', { recordRef: null }, undefined],
  ['proto-loader', 'data.name', { data: struct({ stringValue: 'n', kind: 'stringValue' }) }, 'n'],
  ['proto-loader', 'data.name', { data: struct({ string_value: 'n' }) }, 'n'],
  ['proto-loader', 'data.name', { data: struct({ numberValue: 'NaN' }) }, undefined],
  ['proto-loader', 'data.name', { data: struct({ nullValue: 0 }) }, undefined],
  ['proto-loader', 'data.name', { data: struct({}) }, undefined],
  ['proto-loader', 'data.name', { data: {} }, undefined],
  ['proto-loader', 'data.name', { data: null }, undefined],
  ['proto-loader', 'data.name.first', { data: struct({ structValue: { fields: { first: { stringValue: 'n' } } } }) }, 'n'],
  [
    'proto-loader',
    'data.name[]',
    { data: struct({ listValue: { values: [{ stringValue: 'n' }, { boolValue: true }] } }) },
    ['n', undefined],
  ],
  ['proto-loader', 'data.name[]', { data: struct({ listValue: {} }) }, []],
  ['proto-loader', 'data.name[]', { data: struct({ stringValue: 'n' }) }, []],
  [keepCase, 'record_ref.part_1', { record_ref: { part_1: 'p' } }, 'p'],
])('%j reads %s', (messages, path, message, value) => {
  expect(read(messages, path, message)).toEqual(value);
});

describe('what another generator or another option made is refused, never half read', () => {
  const es = { $typeName: 'test.v1.Message', recordRef: { $typeName: 'test.v1.Ref', cid: 'c' }, someChoice: { case: undefined } };

  test.each<[string, MessageGenerator, string, unknown]>([
    ['a message of protobuf-es', 'ts-proto', 'record_ref.cid', es],
    ['a message of protobuf-es', 'proto-loader', 'record_ref.cid', es],
    ['one inside', 'ts-proto', 'record_ref.cid', { recordRef: es.recordRef }],
    ['another type by $type', 'ts-proto', 'record_ref.cid', { $type: 'test.v1.Ref' }],
    ['another type inside', 'ts-proto', 'record_ref.cid', { recordRef: { $type: 'test.v1.Message', cid: 'c' } }],
    ['$type of ts-proto', 'proto-loader', 'record_ref.cid', { $type: 'test.v1.Message' }],
    ['a message of ts-proto', 'protobuf-es', 'record_ref.cid', { recordRef: { cid: 'c' } }],
    ['names as in the proto', 'ts-proto', 'record_ref.cid', { record_ref: { cid: 'c' } }],
    ['names in camelCase', snake, 'record_ref.cid', { recordRef: { cid: 'c' } }],
    ['names of protobufjs', 'ts-proto', 'record_ref.part_1', { recordRef: { part_1: 'p' } }],
    ['names of ts-proto', 'proto-loader', 'record_ref.part_1', { recordRef: { part1: 'p' } }],
    ['both spellings', 'ts-proto', 'record_ref.cid', { recordRef: { cid: 'c' }, record_ref: { cid: 'd' } }],
    ['both spellings', 'proto-loader', 'record_ref.cid', { recordRef: { cid: 'c' }, record_ref: { cid: 'd' } }],
    ['names in camelCase', keepCase, 'record_ref.cid', { recordRef: null }],
    ['a union', 'ts-proto', 'one_ref.cid', { someChoice: { $case: 'oneRef', oneRef: { cid: 'c' } } }],
    ['an empty union', 'ts-proto', 'one_ref.cid', { someChoice: undefined }],
    ['a union', 'proto-loader', 'one_ref.cid', { someChoice: { $case: 'oneRef', oneRef: { cid: 'c' } } }],
    ['an empty union', keepCase, 'one_ref.cid', { some_choice: undefined }],
    ['no union', unions, 'one_ref.cid', { oneRef: { cid: 'c' } }],
    ['no union, another member', unions, 'one_ref.cid', { name: 'n' }],
    ['a union with value', unions, 'one_ref.cid', { someChoice: { $case: 'oneRef', value: { cid: 'c' } } }],
    ['a union without', unionsValue, 'one_ref.cid', { someChoice: { $case: 'oneRef', oneRef: { cid: 'c' } } }],
    ['an unknown case', unions, 'one_ref.cid', { someChoice: { $case: 'other', other: 1 } }],
    ['a union of protobuf-es', unions, 'one_ref.cid', { someChoice: { case: 'oneRef', value: { cid: 'c' } } }],
    ['a Struct of proto-loader', 'ts-proto', 'data.name', { data: struct({ stringValue: 'n', kind: 'stringValue' }) }],
    ['a Struct of proto-loader', 'ts-proto', 'data.name', { data: struct({}) }],
    ['plain JSON', 'proto-loader', 'data.name', { data: { name: 'n' } }],
    ['plain JSON with "fields"', 'proto-loader', 'data.name', { data: { fields: { name: 'n' } } }],
    ['plain JSON beside "fields"', 'proto-loader', 'data.name', { data: { fields: {}, name: 'n' } }],
    ['a value of no known kind', 'proto-loader', 'data.name', { data: struct({ textValue: 'n' }) }],
    ['text that is none', 'proto-loader', 'data.name', { data: struct({ stringValue: 7 }) }],
    [
      'a map as a list of entries',
      'proto-loader',
      'data.name',
      { data: { fields: [{ key: 'name', value: { stringValue: 'n' } }] } },
    ],
    ['a list that is none', 'proto-loader', 'data.name[]', { data: struct({ listValue: { values: 'n' } }) }],
    ['a Map', 'ts-proto', 'ref_by_name.main.cid', { refByName: new Map([['main', { cid: 'c' }]]) }],
    ['defaults by prototype', 'ts-proto', 'record_ref.cid', Object.create({ recordRef: { cid: 'c' } })],
    ['a class', 'proto-loader', 'record_ref.cid', new (class Message {})()],
    ['an array', 'ts-proto', 'record_ref.cid', []],
    ['a keyed prototype', 'ts-proto', 'ref_by_name.main.cid', { refByName: Object.create({ main: { cid: 'c' } }) }],
    ['a keyed prototype', 'proto-loader', 'data.name', { data: { fields: Object.create({ name: { stringValue: 'n' } }) } }],
  ])('%s: %j', (_name, messages, path, message) => {
    expect(() => read(messages, path, message)).toThrow(refused);
  });

  test.each<[MessageGenerator, unknown]>([
    ['ts-proto', { oneRef: { cid: 'allowed' }, name: 'other' }],
    ['proto-loader', { oneRef: { cid: 'allowed' }, name: 'other', someChoice: 'name' }],
    ['proto-loader', { oneRef: { cid: 'allowed' }, name: '' }],
  ])('several members of a oneof: %j', (messages, message) => {
    expect(read(messages, 'one_ref.cid', { oneRef: { cid: 'allowed' } })).toBe('allowed');
    expect(() => read(messages, 'one_ref.cid', message)).toThrow(refused);
    expect(() => read(messages, 'name', message)).toThrow(refused);
  });

  test('several kinds of one JSON value', () => {
    const value = { stringValue: 'allowed', numberValue: 7 };
    expect(() => read('proto-loader', 'data.name', { data: struct(value) })).toThrow(refused);
    expect(() => read('proto-loader', 'data.name', { data: struct({ ...value, numberValue: null }) })).not.toThrow();
  });
});

describe('options', () => {
  test.each<[string, unknown, string]>([
    ['another generator', 'protobufjs', 'messages must be'],
    ['no generator', { keepCase: true }, 'messages must be'],
    ['nothing', null, 'messages must be'],
    ['an option of another', { generator: 'ts-proto', keepCase: true }, 'ts-proto has no option "keepCase"'],
    ['an inherited name', { generator: 'proto-loader', toString: true }, 'has no option "toString"'],
    ['an unknown value', { generator: 'ts-proto', oneof: 'union' }, 'oneof must be one of properties, unions, unions-value'],
    ['text for a flag', { generator: 'proto-loader', keepCase: 'true' }, 'keepCase must be one of'],
  ])('%s', (_name, messages, says) => {
    expect(() => layoutOf(messages as MessageGenerator)).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(says) }),
    );
  });

  test('two fields of one name in the messages of a generator cannot be told apart', () => {
    const clashing = messageIn({ messages: { M: { a_b: 'string', aB: 'string' } } }, 'M');
    const path = resolveFieldPath(clashing, 'a_b', 'string', 'test');
    for (const messages of ['ts-proto', 'proto-loader'] as const) {
      expect(() => createFieldReader(path, layoutOf(messages))).toThrow(
        expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining('two fields of test.v1.M are "aB"') }),
      );
    }
    expect(createFieldReader(path, layoutOf(keepCase)).one({ a_b: 'x', aB: 'y' })).toBe('x');
  });
});
