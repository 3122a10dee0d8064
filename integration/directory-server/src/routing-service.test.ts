import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  GetProviderCountRequestSchema,
  GetPublicationRequestSchema,
  ListPublicationsRequestSchema,
  ListRequestSchema,
  PublicationStatus,
  PublishRequestSchema,
  RecordRefSchema,
  RecordSchema,
  RoutingRecordQueryType,
  SearchRecordQueryType,
  SearchRequestSchema,
  UnpublishRequestSchema,
} from '@dirgate/directory';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Directory } from './open-directory.js';
import { drain, openTestDirectory, record, stream } from './test-support/temporary-directory.js';

const unknownCid = 'baeareicecnx2gvntm6fbcrvnc336qze6st5u7qq7457igegamd3bzkx7ri';
const { SKILL, LOCATOR, DOMAIN, MODULE, UNSPECIFIED } = RoutingRecordQueryType;

let directory: Directory;
let one: string;
let two: string;

const push = async (data: MessageInitShape<typeof RecordSchema>['data'] = {}) =>
  (await drain(directory.store.push(stream(create(RecordSchema, { data }))))).items[0]?.cid ?? '';
const refs = (...cids: string[]) => ({ case: 'recordRefs' as const, value: { refs: cids.map((cid) => ({ cid })) } });
const publish = (request: MessageInitShape<typeof PublishRequestSchema>['request']) =>
  directory.routing.publish(create(PublishRequestSchema, request && { request }));
const unpublish = (request: MessageInitShape<typeof UnpublishRequestSchema>['request']) =>
  directory.routing.unpublish(create(UnpublishRequestSchema, request && { request }));
const listed = (...queries: [RoutingRecordQueryType, string][]) =>
  [...directory.routing.list(create(ListRequestSchema, { queries: queries.map(([type, value]) => ({ type, value })) }))].map(
    ({ recordRef }) => recordRef?.cid,
  );
const statuses = () =>
  [...directory.publication.listPublications(create(ListPublicationsRequestSchema))].map(({ status }) => status);

beforeEach(async () => {
  directory = openTestDirectory();
  one = await push(
    record('one', {
      skills: [{ name: 'nlp/summarization' }, { name: 'nlp/summarization' }, { name: 'vision' }],
      domains: [{ name: 'legal' }],
      modules: [{ name: 'integration/mcp' }],
      locators: [{ type: 'url', urls: ['u'] }],
    }),
  );
  two = await push(record('two', { skills: [{ name: 'nlp' }] }));
});

describe('Publish and List', () => {
  test('a publication is resolved at once; labels come once, in the order of their kinds', () => {
    expect(publish(refs(one))).toEqual({});
    expect([...directory.routing.list(create(ListRequestSchema))]).toEqual([
      {
        recordRef: { cid: one },
        labels: ['/skills/nlp/summarization', '/skills/vision', '/domains/legal', '/modules/integration/mcp', '/locators/url'],
      },
    ]);
    publish(refs(one));
    expect(listed()).toEqual([one]);
  });

  test.each<[string, MessageInitShape<typeof PublishRequestSchema>['request'], number]>([
    ['all records', { case: 'allRecords', value: true }, 2],
    ['all records: false', { case: 'allRecords', value: false }, 0],
    ['queries', { case: 'queries', value: { queries: [{ type: SearchRecordQueryType.NAME, value: 'o*' }] } }, 1],
    [
      'queries that cannot run',
      { case: 'queries', value: { queries: [{ type: SearchRecordQueryType.SKILL_ID, value: 'x' }] } },
      0,
    ],
    ['nothing', undefined, 0],
  ])('%s is accepted', (_, request, count) => {
    expect(publish(request)).toEqual({});
    expect(listed()).toHaveLength(count);
  });

  test.each<[string, [RoutingRecordQueryType, string][], ('one' | 'two')[]]>([
    ['a skill and all below it', [[SKILL, 'nlp']], ['one', 'two']],
    ['a skill exactly', [[SKILL, 'nlp/summarization']], ['one']],
    ['no part of a name', [[SKILL, 'nl']], []],
    ['case counts', [[SKILL, 'NLP']], []],
    ['no wildcards', [[SKILL, '*']], []],
    [
      'all must hold',
      [
        [SKILL, 'nlp'],
        [DOMAIN, 'legal'],
      ],
      ['one'],
    ],
    [
      'twice the same',
      [
        [SKILL, 'vision'],
        [SKILL, 'vision'],
      ],
      ['one'],
    ],
    ['module', [[MODULE, 'integration']], ['one']],
    ['locator', [[LOCATOR, 'url']], ['one']],
    ['unspecified matches all', [[UNSPECIFIED, 'x']], ['one', 'two']],
    ['an unknown type matches nothing', [[99 as RoutingRecordQueryType, 'x']], []],
  ])('List: %s', (_, queries, expected) => {
    publish({ case: 'allRecords', value: true });
    const labels = new Map([
      [one, 'one'],
      [two, 'two'],
    ]);
    expect(
      listed(...queries)
        .map((cid) => labels.get(cid ?? ''))
        .toSorted(),
    ).toEqual(expected);
  });

  test('List takes a limit', () => {
    publish({ case: 'allRecords', value: true });
    expect([...directory.routing.list(create(ListRequestSchema, { limit: 1 }))]).toHaveLength(1);
    expect([...directory.routing.list(create(ListRequestSchema, { limit: 0 }))]).toHaveLength(2);
  });

  test('deleting a record does not unpublish it', async () => {
    publish(refs(one));
    await directory.store.delete(stream(create(RecordRefSchema, { cid: one })));
    expect(listed()).toEqual([one]);
    expect(() => unpublish(refs(one))).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });
});

describe('Unpublish', () => {
  test('goes through the references up to the first failure', () => {
    publish({ case: 'allRecords', value: true });
    expect(unpublish(refs(one))).toEqual({});
    expect(unpublish(refs(one))).toEqual({});
    expect(listed()).toEqual([two]);
    expect(() => unpublish(refs(two, unknownCid))).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    expect(listed()).toEqual([]);
  });

  test('takes nothing but references', () => {
    for (const request of [undefined, { case: 'queries' as const, value: { queries: [] } }, refs('')]) {
      expect(() => unpublish(request)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    }
  });
});

test('GetProviderCount counts this node alone, Search finds nothing', () => {
  const count = (cid: string) => directory.routing.getProviderCount(create(GetProviderCountRequestSchema, { cid }));
  expect(count(one)).toEqual({ count: 0 });
  publish(refs(one));
  expect(count(one)).toEqual({ count: 1 });
  expect(count(unknownCid)).toEqual({ count: 0 });
  expect(() => count('')).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  const request = create(SearchRequestSchema, { queries: [{ type: SKILL, value: 'nlp' }] });
  expect([...directory.routing.search(request)]).toEqual([]);
});

describe('PublicationService', () => {
  const createPublication = (request: MessageInitShape<typeof PublishRequestSchema>['request']) =>
    directory.publication.createPublication(create(PublishRequestSchema, request && { request })).publicationId ?? '';
  const get = (publicationId: string) =>
    directory.publication.getPublication(create(GetPublicationRequestSchema, { publicationId }));

  test('reports what became of a publication', () => {
    const id = createPublication(refs(one));
    const time = '2026-11-22T08:00:00.000Z';
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(get(id)).toEqual({ publicationId: id, status: PublicationStatus.COMPLETED, createdTime: time, lastUpdateTime: time });
    expect(listed()).toEqual([one]);
  });

  test('an unknown record fails the publication, the others are published', () => {
    expect(get(createPublication(refs(unknownCid, two))).status).toBe(PublicationStatus.FAILED);
    expect(listed()).toEqual([two]);
    publish({ case: 'queries', value: { queries: [{ type: SearchRecordQueryType.SKILL_ID, value: 'x' }] } });
    publish({ case: 'queries', value: { queries: [{ type: SearchRecordQueryType.NAME, value: 'nobody' }] } });
    expect(statuses()).toEqual([PublicationStatus.FAILED, PublicationStatus.FAILED, PublicationStatus.COMPLETED]);
  });

  test('lists in pages', () => {
    const ids = [createPublication(refs(one)), createPublication(refs(two)), createPublication(refs(one))];
    const page = directory.publication.listPublications(create(ListPublicationsRequestSchema, { limit: 1, offset: 1 }));
    expect([...page].map(({ publicationId }) => publicationId)).toEqual([ids[1]]);
  });

  test('refuses empty selections and unknown identifiers', () => {
    const empty: MessageInitShape<typeof PublishRequestSchema>['request'][] = [
      undefined,
      refs(),
      { case: 'queries', value: { queries: [] } },
      { case: 'allRecords', value: false },
    ];
    for (const request of empty) {
      expect(() => createPublication(request)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    }
    expect(() => get('')).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => get('nope')).toThrow(expect.objectContaining({ code: 'UNKNOWN' }));
  });
});
