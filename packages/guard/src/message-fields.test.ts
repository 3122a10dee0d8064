import { describe, expect, test } from 'vitest';
import { messageTypeName, parseFieldPath, readField } from './message-fields.js';

const rule = { oneofs: { record_refs: 'request' }, structs: ['data', 'record.data'] };
const read = (message: object, path: string, of: Parameters<typeof parseFieldPath>[1] = rule): readonly unknown[] =>
  readField(message, parseFieldPath(path, of));

describe('parseFieldPath', () => {
  test.each(['cid', 'record_ref.cid', 'refs[].cid', 'cids[]', 'a1.b_2', 'a.b[].c[].d'])('%s is one', (text) => {
    expect(parseFieldPath(text, {}).repeated).toBe(text.includes('[]'));
  });

  test.each(['', '.', 'a.', '.a', 'a..b', 'A', 'a b', 'a[0]', 'a[]b', '[]', 'a[][]', '__proto__', '$typeName', 'a-b', '1a'])(
    '"%s" is none',
    (text) => {
      expect(() => parseFieldPath(text, {})).toThrow(expect.objectContaining({ code: 'config_invalid' }));
    },
  );
});

describe('readField', () => {
  test('plain, nested and repeated fields by their generated names', () => {
    const message = {
      $typeName: 't',
      remoteUrl: 'u',
      recordRef: { $typeName: 'r', cid: 'c' },
      refs: [{ cid: 'a' }, { cid: 'b' }],
    };
    expect(read(message, 'remote_url')).toEqual(['u']);
    expect(read(message, 'record_ref.cid')).toEqual(['c']);
    expect(read(message, 'refs[].cid')).toEqual(['a', 'b']);
    expect(read(message, 'refs')).toEqual([message.refs]);
  });

  test('nothing where a step is missing or of another kind', () => {
    for (const message of [
      {},
      { recordRef: undefined },
      { recordRef: null },
      { recordRef: 'text' },
      { recordRef: [{ cid: 'x' }] },
    ]) {
      expect(read(message, 'record_ref.cid')).toEqual([]);
    }
    expect(read({ refs: { 0: { cid: 'x' }, length: 1 } }, 'refs[].cid')).toEqual([]);
    expect(read({ refs: [null, 'x', 7, ['y'], { cid: 'a' }] }, 'refs[].cid')).toEqual(['a']);
  });

  test('a member of a oneof counts only while it is the one that is set', () => {
    const set = { request: { case: 'recordRefs', value: { refs: [{ cid: 'a' }] } } };
    expect(read(set, 'record_refs.refs[].cid')).toEqual(['a']);
    for (const request of [{ case: undefined }, { case: 'queries', value: { refs: [{ cid: 'a' }] } }, undefined, 'recordRefs']) {
      expect(read({ request }, 'record_refs.refs[].cid')).toEqual([]);
    }
  });

  test('a field beside the oneof of the same name is not mistaken for the member', () => {
    expect(read({ recordRefs: { refs: [{ cid: 'forged' }] }, request: { case: undefined } }, 'record_refs.refs[].cid')).toEqual(
      [],
    );
  });

  test('a map with the keys "case" and "value" is no oneof', () => {
    const message = { labels: { case: 'recordRefs', value: { refs: [{ cid: 'forged' }] } } };
    expect(read(message, 'record_refs.refs[].cid')).toEqual([]);
    expect(read(message, 'labels.value', {})).toEqual([{ refs: [{ cid: 'forged' }] }]); // plain members, when asked for
  });
});

describe('below a Struct everything is the caller’s JSON', () => {
  const data = (json: unknown) => ({ $typeName: 'agntcy.dir.core.v1.Record', data: json });

  test('members are read by their JSON names, not by generated ones', () => {
    expect(read(data({ schema_version: '1', schemaVersion: 'forged' }), 'data.schema_version')).toEqual(['1']);
    expect(read(data({ schemaVersion: 'forged' }), 'data.schema_version')).toEqual([]);
    expect(read({ record: data({ schema_version: '1' }) }, 'record.data.schema_version')).toEqual(['1']);
  });

  test('$typeName, case and value in it mean nothing', () => {
    const hostile = data({ $typeName: 'agntcy.dir.core.v1.RecordRef', case: 'name', value: 'forged', name: 'true name' });
    expect(read(hostile, 'data.name')).toEqual(['true name']);
    const oneofInside = { oneofs: { 'data.name': 'request' }, structs: ['data'] };
    expect(read(data({ request: { case: 'name', value: 'forged' } }), 'data.name', oneofInside)).toEqual([]);
  });

  test('prototypes are not members', () => {
    const parsed: unknown = JSON.parse('{"__proto__": {"name": "forged"}}');
    expect(read(data(parsed), 'data.name')).toEqual([]);
    expect(read(data(Object.create({ name: 'inherited' })), 'data.name')).toEqual([]);
    for (const name of ['constructor', 'toString', 'valueOf'].map((text) => text.toLowerCase())) {
      expect(read(data({}), `data.${name}`)).toEqual([]);
    }
    expect(read({}, 'constructor', {})).toEqual([]);
  });

  test.each([null, 'text', 7, true, [], [{ name: 'x' }]])('the document %j has no name', (json) => {
    expect(read(data(json), 'data.name')).toEqual([]);
  });

  test('only the listed field is JSON', () => {
    expect(read({ other: { fieldName: 'a', field_name: 'b' } }, 'other.field_name')).toEqual(['a']);
  });
});

test('messageTypeName asks for an own string', () => {
  expect(messageTypeName({ $typeName: 'a.B' })).toBe('a.B');
  const odd = [undefined, null, 'a.B', 7, [], {}, { $typeName: 7 }, Object.create({ $typeName: 'a.B' }), [{ $typeName: 'a.B' }]];
  for (const message of odd) expect(messageTypeName(message)).toBeUndefined();
});
