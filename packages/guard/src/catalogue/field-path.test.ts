import { create, createFileRegistry, type DescMessage } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from 'vitest';
import { messageIn } from '../test-support/proto-file.js';
import { type PathUse, resolveFieldPath } from './field-path.js';

const type = messageIn(
  {
    messages: {
      Ref: { cid: 'string', size: 'uint32', sizes: 'repeated uint32', note: 'optional string' },
      Refs: { refs: 'repeated Ref' },
      Message: {
        name: 'string',
        cids: 'repeated string',
        record_ref: 'Ref',
        record_refs: 'request: Refs',
        all_records: 'request: bool',
        labels: 'map string',
        refs_by_name: 'map Refs',
        data: 'Struct',
        created: 'Timestamp',
        note: 'optional string',
      },
    },
  },
  'Message',
);
const resolve = (text: string, use: PathUse = 'string') => resolveFieldPath(type, text, use, 'where');
const invalid = (why: string) => expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(why) });

test.each([
  'name',
  'cids[]',
  'record_ref.cid',
  'record_refs.refs[].cid',
  'labels.team',
  'refs_by_name.main.refs[].cid',
  'data.name',
  'data.skills[].name',
  'data.a[].b.c[]',
  'note',
])('%s leads to strings', (text) => {
  expect(resolve(text).repeated).toBe(text.includes('[]'));
});

test('a property may be a whole number, and nothing else may', () => {
  expect(resolve('record_ref.size', 'value').repeated).toBe(false);
  expect(resolve('record_ref.cid', 'value').repeated).toBe(false);
  for (const text of ['all_records', 'created', 'record_refs.refs[].size', 'record_ref.sizes[]', 'record_ref']) {
    expect(() => resolve(text, 'value')).toThrow(invalid('does not end at a string field'));
  }
  expect(() => resolve('record_ref.size')).toThrow(invalid('does not end at a string field'));
});

test('a field of proto2 is read, but for one with a default of its own', () => {
  const string = { type: FieldDescriptorProto_Type.STRING, label: FieldDescriptorProto_Label.OPTIONAL };
  const file = create(FileDescriptorProtoSchema, {
    name: 'old.proto',
    package: 'test.v1',
    syntax: 'proto2',
    messageType: [
      {
        name: 'Old',
        field: [
          { name: 'plain', number: 1, ...string },
          { name: 'empty', number: 2, defaultValue: '', ...string },
          { name: 'folder', number: 3, defaultValue: '/admin', ...string },
          { name: 'size', number: 4, defaultValue: '7', ...string, type: FieldDescriptorProto_Type.INT32 },
          { name: 'zero', number: 5, defaultValue: '0', ...string, type: FieldDescriptorProto_Type.INT32 },
        ],
      },
    ],
  });
  const old = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getMessage('test.v1.Old') as DescMessage;
  expect(resolveFieldPath(old, 'plain', 'string', 'where').repeated).toBe(false);
  expect(resolveFieldPath(old, 'empty', 'string', 'where').repeated).toBe(false);
  expect(resolveFieldPath(old, 'zero', 'value', 'where').repeated).toBe(false);
  expect(() => resolveFieldPath(old, 'size', 'value', 'where')).toThrow(invalid('has a default in its proto2 file'));
  expect(resolveFieldPath(old, 'folder', 'presence', 'where').repeated).toBe(false);
  expect(() => resolveFieldPath(old, 'folder', 'string', 'where')).toThrow(invalid('has a default in its proto2 file'));
});

test.each([
  ['', 'is no field path'],
  ['.', 'is no field path'],
  ['name.', 'is no field path'],
  ['name..cid', 'is no field path'],
  ['a b', 'is no field path'],
  ['cids[0]', 'is no field path'],
  ['cids[][]', 'is no field path'],
  ['[]', 'is no field path'],
  ['$typeName', 'is no field path'],
  ['__proto__', 'is no field path'],
  ['data.__proto__', 'is no field path'],
  ['labels.__proto__', 'is no field path'],
  ['nam', '"nam", but test.v1.Message has only name, cids, record_ref'],
  ['recordRef.cid', '"recordRef", but test.v1.Message has only'],
  ['toString', '"toString", but'],
  ['record_ref.id', '"id", but test.v1.Ref has only cid, size, sizes'],
  ['cids', 'write cids[]'],
  ['record_refs.refs.cid', 'write refs[]'],
  ['name[]', 'which is not repeated: leave it out'],
  ['record_ref[].cid', 'which is not repeated: leave it out'],
  ['labels[]', 'which is not repeated'],
  ['labels.team[]', 'the key of a map'],
  ['name.cid', 'below "name", which has no fields'],
  ['created.seconds', 'below google.protobuf.Timestamp, which has no fields'],
  ['record_ref', 'does not end at a string'],
  ['record_ref.size', 'does not end at a string'],
  ['record_refs.refs[]', 'does not end at a string'],
  ['created', 'does not end at a string'],
  ['all_records', 'does not end at a string'],
  ['labels', 'ends at a map'],
  ['refs_by_name.main', 'does not end at a string'],
  ['data', 'ends at a Struct'],
])('"%s" does not', (text, why) => {
  expect(() => resolve(text)).toThrow(invalid(why));
  expect(() => resolve(text)).toThrow(invalid(`where: "${text}"`));
});

describe('whether it is set', () => {
  test.each(['record_refs', 'all_records', 'record_ref', 'data', 'created', 'note'])('%s tells', (text) => {
    expect(resolve(text, 'presence').repeated).toBe(false);
  });

  test.each([
    'name',
    'cids[]',
    'labels',
    'labels.team',
    'data.name',
    'record_ref.cid',
    'record_refs.refs[].cid',
    'record_refs.refs[].note',
  ])('%s does not', (text) => {
    expect(() => resolve(text, 'presence')).toThrow(invalid('cannot be seen to be set or not'));
  });
});
