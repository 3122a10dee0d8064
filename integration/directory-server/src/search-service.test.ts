import { readdirSync, readFileSync } from 'node:fs';
import { create, type JsonObject, type MessageInitShape } from '@bufbuild/protobuf';
import {
  CountRecordsRequestSchema,
  PublishRequestSchema,
  RecordRefSchema,
  RecordSchema,
  SearchCIDsRequestSchema,
  type SearchRecordQuerySchema,
  SearchRecordsRequestSchema,
  SortMode,
  SearchRecordQueryType as Type,
} from '@dirgate/directory';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Directory } from './open-directory.js';
import { drain, openTestDirectory, record, stream } from './test-support/temporary-directory.js';

type Query = MessageInitShape<typeof SearchRecordQuerySchema>;

const one = record('Directory.example/acme/one', {
  version: '1.10.0',
  description: '100% local',
  created_at: '2026-01-01T00:00:00Z',
  authors: ['Ada <ada@acme.example>', 'Bob'],
  annotations: { team: 'Red', note: 'a:b' },
  skills: [
    { name: 'nlp/summarization', id: 1 },
    { name: 'vision/ocr', id: 2 },
  ],
  domains: [{ name: 'legal', id: 10 }],
  modules: [{ name: 'integration/mcp', id: 202 }],
  locators: [
    { type: 'container_image', urls: ['https://registry.acme.example/one:1', 'https://mirror.example/one'] },
    { type: 'url', urls: ['http://one.example'] },
  ],
});
const two = record('directory.example/acme/two', {
  version: '1.9.0',
  created_at: '2026-06-01T00:00:00Z',
  annotations: { team: 'blue' },
  skills: [{ name: 'nlp/translation', id: 2 }],
  domains: [{ name: 'finance', id: 20 }],
  locators: [{ type: 'url', urls: ['https://registry.acme.example/two'] }],
});
const three = record('directory.example/umbra/three', { version: '2.0.0', schema_version: '0.8.0' });

let directory: Directory;
const names = new Map<string, string>();

const found = (queries: Query[], more: Omit<MessageInitShape<typeof SearchCIDsRequestSchema>, 'queries' | '$typeName'> = {}) =>
  [...directory.search.searchCIDs(create(SearchCIDsRequestSchema, { queries, ...more }))].map(({ recordCid }) =>
    names.get(recordCid ?? ''),
  );

const put = async (label: string, data: JsonObject) => {
  const { items } = await drain(directory.store.push(stream(create(RecordSchema, { data }))));
  const cid = items[0]?.cid ?? '';
  names.set(cid, label);
  return cid;
};
const cids: Record<string, string> = {};

beforeEach(async () => {
  directory = openTestDirectory();
  for (const [label, data] of [
    ['one', one],
    ['two', two],
    ['three', three],
  ] as const) {
    cids[label] = await put(label, data);
  }
});

const q = (type: Type, value: string, negate = false): Query => ({ type, value, negate });
const no = (type: Type, value: string): Query => q(type, value, true);

describe('matching', () => {
  test.each<[string, Query[], string[]]>([
    ['nothing asked', [], ['three', 'two', 'one']],
    [
      'only ignored queries',
      [q(Type.UNSPECIFIED, 'x'), q(16 as Type, 'x'), q(Type.DESCRIPTION, ' '), q(Type.MODULE_NAME, '')],
      ['three', 'two', 'one'],
    ],
    ['name, whole field, any case', [q(Type.NAME, 'directory.EXAMPLE/acme/one')], ['one']],
    ['name, only a part', [q(Type.NAME, 'directory.example/acme')], []],
    ['name, wildcard', [q(Type.NAME, '*/acme/*')], ['two', 'one']],
    ['name, one character', [q(Type.NAME, '*/acme/?wo')], ['two']],
    ['name, alternatives', [q(Type.NAME, '*/one'), q(Type.NAME, '*/three')], ['three', 'one']],
    ['types must all hold', [q(Type.NAME, '*/acme/*'), q(Type.DOMAIN_NAME, 'legal')], ['one']],
    ['name negated', [no(Type.NAME, '*/acme/*')], ['three']],
    ['name wanted and negated', [q(Type.NAME, '*/acme/*'), no(Type.NAME, '*/two')], ['one']],
    ['several negated', [no(Type.NAME, '*/one'), no(Type.NAME, '*/two')], ['three']],
    ['description, % is plain', [q(Type.DESCRIPTION, '100% *')], ['one']],
    ['description negated keeps records without one', [no(Type.DESCRIPTION, '*')], ['three', 'two']],
    ['version, text', [q(Type.VERSION, '1.*')], ['two', 'one']],
    ['version compares as plain text', [q(Type.VERSION, '>=1.9')], ['three', 'two']],
    ['versions form a range', [q(Type.VERSION, '>1.1'), q(Type.VERSION, '<2')], ['two', 'one']],
    ['a range or a text', [q(Type.VERSION, '>1.1'), q(Type.VERSION, '<1.9'), q(Type.VERSION, '2.0.0')], ['three', 'one']],
    ['= compares exactly', [q(Type.VERSION, '=2.0.0')], ['three']],
    ['<= includes', [q(Type.VERSION, '<=1.10.0')], ['one']],
    ['version negated', [no(Type.VERSION, '>=1.9')], ['one']],
    ['schema version', [q(Type.SCHEMA_VERSION, '0.8.*')], ['three']],
    ['created at', [q(Type.CREATED_AT, '>=2026-02')], ['two']],
    ['created at negated keeps records without one', [no(Type.CREATED_AT, '<2027')], ['three']],
    ['skill id', [q(Type.SKILL_ID, '2')], ['two', 'one']],
    ['skill id as text of a number', [q(Type.SKILL_ID, '02')], ['two', 'one']],
    ['skill name over the path', [q(Type.SKILL_NAME, 'nlp/*')], ['two', 'one']],
    ['skill name, no part', [q(Type.SKILL_NAME, 'nlp')], []],
    ['skill id and name must be one entry', [q(Type.SKILL_ID, '2'), q(Type.SKILL_NAME, 'nlp/*')], ['two']],
    ['either of skill id and name excludes', [no(Type.SKILL_ID, '1'), no(Type.SKILL_NAME, 'nlp/translation')], ['three']],
    ['domain id', [q(Type.DOMAIN_ID, '20')], ['two']],
    ['module id', [q(Type.MODULE_ID, '202')], ['one']],
    ['module name', [q(Type.MODULE_NAME, 'INTEGRATION/*')], ['one']],
    ['locator type', [q(Type.LOCATOR, 'container_*')], ['one']],
    ['locator URL by leading *', [q(Type.LOCATOR, '*registry.acme.example*')], ['two', 'one']],
    ['locator URL with scheme', [q(Type.LOCATOR, '*http://one.example')], ['one']],
    ['locator type and URL of one locator', [q(Type.LOCATOR, 'url:https://registry.*')], ['two']],
    ['locator URL alone', [q(Type.LOCATOR, ':http://one.example')], ['one']],
    ['locator type alone', [q(Type.LOCATOR, 'url:')], ['two', 'one']],
    ['only the first URL of a locator', [q(Type.LOCATOR, '*mirror.example*')], []],
    ['locator negated', [no(Type.LOCATOR, 'container_image')], ['three', 'two']],
    ['author, any part', [q(Type.AUTHOR, 'ACME.example')], ['one']],
    ['author, JSON text', [q(Type.AUTHOR, '","bob"')], ['one']],
    ['author negated keeps records without authors', [no(Type.AUTHOR, '*')], ['three', 'two']],
    ['annotation key', [q(Type.ANNOTATION, 'team')], ['two', 'one']],
    ['annotation key and value', [q(Type.ANNOTATION, 'team:red')], ['one']],
    ['annotation value with colon', [q(Type.ANNOTATION, 'note:a:b')], ['one']],
    ['annotation without key is ignored', [q(Type.ANNOTATION, ':red')], ['three', 'two', 'one']],
    ['annotation keys and values pool', [q(Type.ANNOTATION, 'note:red'), q(Type.ANNOTATION, 'team:x')], ['one']],
    ['annotation negated', [no(Type.ANNOTATION, 'team:blue')], ['three', 'one']],
  ])('%s', (_, queries, expected) => {
    expect(found(queries)).toEqual(expected);
    const count = directory.search.countRecords(create(CountRecordsRequestSchema, { queries }));
    expect(count).toEqual({ totalCount: expected.length });
  });

  test.each([Type.SKILL_ID, Type.DOMAIN_ID, Type.MODULE_ID])('a bad id of type %s is UNKNOWN', (type) => {
    for (const value of ['', 'x', '-1', '1.0', ' 1', '0x1', '*']) {
      expect(() => found([q(type, value)])).toThrow(expect.objectContaining({ code: 'UNKNOWN' }));
      expect(() => found([no(type, value)])).toThrow(expect.objectContaining({ code: 'UNKNOWN' }));
    }
  });

  test.each([Type.VERIFIED, Type.TRUSTED, Type.SCAN_SAFE, Type.SCAN_SEVERITY])('type %s is UNIMPLEMENTED', (type) => {
    expect(() => found([q(type, 'true')])).toThrow(expect.objectContaining({ code: 'UNIMPLEMENTED' }));
  });
});

describe('order and paging', () => {
  test('newest in the index first; pushing again does not move a record', async () => {
    await put('one', one);
    expect(found([])).toEqual(['three', 'two', 'one']);
    await directory.store.delete(stream(create(RecordRefSchema, { cid: cids['one'] ?? '' })));
    await put('one', one);
    expect(found([])).toEqual(['one', 'three', 'two']);
  });

  test.each([
    [undefined, undefined, ['three', 'two', 'one']],
    [0, 0, ['three', 'two', 'one']],
    [2, undefined, ['three', 'two']],
    [2, 2, ['one']],
    [undefined, 1, ['two', 'one']],
    [1, 9, []],
  ])('limit %s, offset %s', (limit, offset, expected) => {
    expect(found([], { ...(limit !== undefined && { limit }), ...(offset !== undefined && { offset }) })).toEqual(expected);
  });

  test('by popularity, by provider count, and by a number that we do not know', async () => {
    const used = [create(RecordRefSchema, { cid: cids['one'] ?? '' }), create(RecordRefSchema, { cid: cids['one'] ?? '' })];
    await drain(directory.store.lookup(stream(...used)));
    await drain(directory.store.pull(stream(create(RecordRefSchema, { cid: cids['two'] ?? '' }))));
    expect(found([], { sortMode: SortMode.POPULARITY })).toEqual(['one', 'two', 'three']);
    directory.routing.publish(
      create(PublishRequestSchema, { request: { case: 'recordRefs', value: { refs: [{ cid: cids['two'] ?? '' }] } } }),
    );
    expect(found([], { sortMode: SortMode.PROVIDER_COUNT })).toEqual(['two', 'three', 'one']);
    expect(found([], { sortMode: 77 as SortMode })).toEqual(['three', 'two', 'one']);
    expect(found([], { sortMode: SortMode.RELEVANCE })).toEqual(['three', 'two', 'one']);
  });

  test('SearchRecords streams the records themselves', () => {
    const request = create(SearchRecordsRequestSchema, { queries: [q(Type.NAME, '*/umbra/*')] });
    expect([...directory.search.searchRecords(request)]).toEqual([{ record: { data: three } }]);
  });
});

test('the sample records are valid and found by name and skill', async () => {
  const folder = new URL('../../records/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  expect(files).toHaveLength(5);
  const records = files.map((file) => create(RecordSchema, { data: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) }));
  const { items, error } = await drain(directory.store.push(stream(...records)));
  expect(error).toBeUndefined();
  expect(new Set(items.map(({ cid }) => cid)).size).toBe(5);
  const count = (queries: Query[]) => directory.search.countRecords(create(CountRecordsRequestSchema, { queries })).totalCount;
  expect(count([q(Type.NAME, 'directory.example/acme/*-*')])).toBe(3);
  expect(count([q(Type.NAME, 'directory.example/acme-labs/*-*')])).toBe(2);
  expect(count([q(Type.SKILL_NAME, 'natural_language_processing/*')])).toBe(5);
});
