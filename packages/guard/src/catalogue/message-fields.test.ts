import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { messageIn } from '../test-support/proto-file.js';
import { resolveFieldPath } from './field-path.js';
import { createFieldReader } from './message-fields.js';
import { protobufEsLayout } from './protobuf-es-layout.js';

const type = messageIn(
  {
    messages: {
      Ref: { cid: 'string' },
      Refs: { refs: 'repeated Ref' },
      Nested: { data: 'Struct', documents: 'repeated Struct', groups: 'repeated Refs' },
      Message: {
        remote_url: 'string',
        record_ref: 'Ref',
        refs: 'repeated Ref',
        cids: 'repeated string',
        record_refs: 'request: Refs',
        name: 'request: string',
        labels: 'map string',
        by_name: 'map Ref',
        record: 'Nested',
        data: 'Struct',
        constructor: 'string',
        note: 'optional string',
      },
    },
  },
  'Message',
);

/** All values at a path, of a message made by protobuf-es, with some of its members replaced. */
function read(path: string, init: Record<string, unknown>, replaced: object = {}): readonly unknown[] {
  const reader = createFieldReader(resolveFieldPath(type, path, 'string', 'test'), protobufEsLayout);
  const message = Object.assign(create(type, init), replaced);
  if (reader.repeated) {
    return reader.all(message);
  }
  const value = reader.one(message);
  return value === undefined ? [] : [value];
}

const refused = expect.objectContaining({ code: 'message_unreadable' });

test('plain, nested and repeated fields by their generated names', () => {
  const message = {
    remoteUrl: 'u',
    recordRef: { cid: 'c' },
    refs: [{ cid: 'a' }, { cid: 'b' }],
    cids: ['x', 'y'],
    constructor$: 'k',
    note: 'n',
  };
  expect(read('remote_url', message)).toEqual(['u']);
  expect(read('record_ref.cid', message)).toEqual(['c']);
  expect(read('refs[].cid', message)).toEqual(['a', 'b']);
  expect(read('cids[]', message)).toEqual(['x', 'y']);
  expect(read('constructor', message)).toEqual(['k']);
  expect(read('note', message)).toEqual(['n']);
});

test('what is absent reads as nothing, in an element as a value that is not there', () => {
  expect(read('record_ref.cid', {})).toEqual([]);
  expect(read('note', {})).toEqual([]);
  expect(read('refs[].cid', {})).toEqual([]);
  expect(read('record_refs.refs[].cid', {})).toEqual([]);
  expect(read('record.groups[].refs[].cid', { record: { groups: [{ refs: [{ cid: 'a' }] }, {}, { refs: [{}] }] } })).toEqual([
    'a',
    '',
  ]);
});

test('a shape that generated code does not make is refused, never half read', () => {
  expect(read('refs[].cid', { refs: [{ cid: 'a' }] })).toEqual(['a']);
  const cid = { $typeName: 'test.v1.Ref', cid: 'a' };
  for (const refs of [null, 'text', { 0: cid, length: 1 }, [null], ['x'], [{ cid: 'a' }], [cid, { $typeName: 'test.v1.Refs' }]]) {
    expect(() => read('refs[].cid', {}, { refs })).toThrow(refused);
  }
  for (const recordRef of [null, 'text', [cid], { cid: 'a' }, { ...cid, $typeName: 'test.v1.Refs' }, { ...cid, cid: 7 }]) {
    expect(() => read('record_ref.cid', {}, { recordRef })).toThrow(refused);
  }
  expect(() => read('record_ref.cid', {}, { recordRef: Object.create(cid) })).toThrow(refused);
  expect(() => read('cids[]', {}, { cids: ['a', 7] })).toThrow(refused);
});

describe('a member of a oneof', () => {
  test('counts only while it is the one that is set', () => {
    const set = { request: { case: 'recordRefs', value: { refs: [{ cid: 'a' }] } } };
    expect(read('record_refs.refs[].cid', set)).toEqual(['a']);
    expect(read('name', set)).toEqual([]);
    expect(read('name', { request: { case: 'name', value: 'n' } })).toEqual(['n']);
    expect(read('record_refs.refs[].cid', { request: { case: 'name', value: 'n' } })).toEqual([]);
  });

  test('is not a field beside the oneof, and nothing without one', () => {
    const recordRefs = { $typeName: 'test.v1.Refs', refs: [{ $typeName: 'test.v1.Ref', cid: 'forged' }] };
    expect(read('record_refs.refs[].cid', {}, { recordRefs })).toEqual([]);
    for (const request of [undefined, null, 'recordRefs']) {
      expect(() => read('record_refs.refs[].cid', {}, { request })).toThrow(refused);
    }
  });
});

describe('a map', () => {
  test('is read by its keys', () => {
    const message = { labels: { team: 'a', case: 'name', value: 'forged' }, byName: { x: { cid: 'c' } } };
    expect(read('labels.team', message)).toEqual(['a']);
    expect(read('labels.case', message)).toEqual(['name']);
    expect(read('labels.other', message)).toEqual([]);
    expect(read('by_name.x.cid', message)).toEqual(['c']);
    expect(read('by_name.y.cid', message)).toEqual([]);
  });

  test('has own keys only, and no prototype that a key brought along', () => {
    expect(read('labels.constructor', {})).toEqual([]);
    expect(() => read('by_name.x.cid', {}, { byName: Object.create({ x: {} }) })).toThrow(refused);
  });
});

describe('below a Struct everything is the caller’s JSON', () => {
  test('members are read by their JSON names, not by generated ones', () => {
    expect(read('data.schema_version', { data: { schema_version: '1', schemaVersion: 'forged' } })).toEqual(['1']);
    expect(read('data.schema_version', { data: { schemaVersion: 'forged' } })).toEqual([]);
    expect(read('record.data.schema_version', { record: { data: { schema_version: '1' } } })).toEqual(['1']);
    expect(read('record.documents[].name', { record: { documents: [{ name: 'a' }, {}, { name: 'b' }] } })).toEqual([
      'a',
      undefined,
      'b',
    ]);
  });

  test('$typeName, case, value and fields in it mean nothing', () => {
    const hostile = { $typeName: 'test.v1.Ref', case: 'name', value: 'forged', fields: { name: { stringValue: 'forged' } } };
    expect(read('data.name', { data: { ...hostile, name: 'true name' } })).toEqual(['true name']);
    expect(read('data.name', { data: hostile })).toEqual([]);
    expect(read('data.request.name', { data: { request: { case: 'name', value: 'forged' } } })).toEqual([]);
  });

  test('prototypes are not members, and a document that has one is refused', () => {
    expect(read('data.name', { data: JSON.parse('{"__proto__": {"name": "forged"}}') as object })).toEqual([]);
    for (const name of ['constructor', 'toString', 'valueOf']) {
      expect(read(`data.${name}`, { data: {} })).toEqual([]);
    }
    const inherited: unknown = Object.create({ name: 'inherited' });
    expect(() => read('data.name', {}, { data: inherited })).toThrow(refused);
    expect(() => read('data.deep.name', {}, { data: { deep: inherited } })).toThrow(refused);
    expect(read('data.name', {}, { data: Object.assign(Object.create(null), { name: 'own' }) })).toEqual(['own']);
  });

  test.each([null, 'text', 7, true, [], [{ name: 'x' }]])('the document %j is none', (data) => {
    expect(() => read('data.name', {}, { data })).toThrow(refused);
  });

  test('other kinds of JSON read as nothing', () => {
    for (const value of [null, 7, true, ['n'], { name: 'n' }]) {
      expect(read('data.name', { data: { name: value } })).toEqual([]);
      expect(read('data.list[].name', { data: { list: value === 7 ? 'text' : value } }).filter(Boolean)).toEqual([]);
    }
    expect(read('data.authors[]', { data: { authors: ['a', 7, null, 'b'] } })).toEqual(['a', undefined, undefined, 'b']);
  });
});
