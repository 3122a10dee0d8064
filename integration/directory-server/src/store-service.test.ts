import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  CountRecordsRequestSchema,
  DeleteReferrerRequestSchema,
  PullReferrerRequestSchema,
  PushReferrerRequestSchema,
  RecordRefSchema,
  RecordSchema,
} from '@dirgate/directory';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Directory } from './open-directory.js';
import { drain, openTestDirectory, record, stream } from './test-support/temporary-directory.js';

const ref = (cid: string) => create(RecordRefSchema, { cid });
const signature = 'agntcy.dir.sign.v1.Signature';
const publicKey = 'agntcy.dir.sign.v1.PublicKey';
const unknownCid = 'baeareicecnx2gvntm6fbcrvnc336qze6st5u7qq7457igegamd3bzkx7ri';

let directory: Directory;
let cid: string;

const push = async (data: MessageInitShape<typeof RecordSchema>['data']) =>
  drain(directory.store.push(stream(create(RecordSchema, data === undefined ? {} : { data }))));
const pushReferrer = (init: MessageInitShape<typeof PushReferrerRequestSchema>) =>
  drain(directory.store.pushReferrer(stream(create(PushReferrerRequestSchema, init))));
const pullReferrer = (...inits: MessageInitShape<typeof PullReferrerRequestSchema>[]) =>
  drain(directory.store.pullReferrer(stream(...inits.map((init) => create(PullReferrerRequestSchema, init)))));
const deleteReferrer = (init: MessageInitShape<typeof DeleteReferrerRequestSchema>) =>
  drain(directory.store.deleteReferrer(stream(create(DeleteReferrerRequestSchema, init))));

beforeEach(async () => {
  directory = openTestDirectory();
  cid =
    (await push(record('stored', { created_at: '2026-01-01T00:00:00Z', annotations: { team: 'a', name: 'own' } }))).items[0]
      ?.cid ?? '';
});

describe('Push', () => {
  test('answers the content identifier of each record, in order, also the second time', async () => {
    const records = [record('b'), record('c'), record('b')].map((data) => create(RecordSchema, { data }));
    const { items, error } = await drain(directory.store.push(stream(...records)));
    expect(error).toBeUndefined();
    expect(items[0]?.cid).toMatch(/^baearei/);
    expect(items[2]).toEqual(items[0]);
    expect(items[1]).not.toEqual(items[0]);
    // The third vector of directory-wire §2.1 is a valid record.
    const vector = { name: 'example.org/agent', version: '1.0.0', description: 'a < b & c', schema_version: '1.0.0' };
    expect((await push(vector)).items[0]?.cid).toBe('baeareihefvl2vixys253kkylvv34vvkfgltba6adfaibeshsd7rieeqdze');
  });

  test.each([
    ['no data', undefined, 'data is missing'],
    ['empty data', {}, 'name is missing'],
    ['no name', { version: '1', schema_version: '1.0.0' }, 'name is missing'],
    ['no version', { name: 'n', schema_version: '1.0.0' }, 'version is missing'],
    ['no schema version', { name: 'n', version: '1' }, 'schema_version is missing'],
    ['an old schema version', { name: 'n', version: '1', schema_version: '0.6.0' }, 'schema_version is not supported'],
    ['a schema version with v', { name: 'n', version: '1', schema_version: 'v1.0.0' }, 'schema_version is not supported'],
    ['a schema version of two parts', { name: 'n', version: '1', schema_version: '1.0' }, 'schema_version is not supported'],
    ['a numeric name', { name: 1, version: '1', schema_version: '1.0.0' }, 'name is not a string'],
    ['authors no list', record('n', { authors: 'me' }), 'authors is not a list'],
    ['an author no text', record('n', { authors: ['me', 1] }), 'authors[1] is not a string'],
    ['skills no objects', record('n', { skills: ['s'] }), 'skills[0] is not an object'],
    ['a skill id out of range', record('n', { skills: [{ name: 's', id: 4294967296 }] }), 'skills[0].id is not an unsigned'],
    ['an annotation no text', record('n', { annotations: { a: true } }), 'annotations: a value is not a string'],
    ['locator urls no list', record('n', { locators: [{ type: 't', urls: 'u' }] }), 'locators[0].urls is not a list'],
    ['a number that is not finite', record('n', { x: Number.NaN }), 'not finite'],
    ['too much', record('n', { x: 'x'.repeat(5 * 1024 * 1024) }), 'bigger than'],
  ])('refuses %s and stores nothing', async (_, data, problem) => {
    const before = await directory.search.countRecords(create(CountRecordsRequestSchema));
    const { items, error } = await push(data);
    expect(items).toEqual([]);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(String(error)).toContain(`record validation failed: [`);
    expect(String(error)).toContain(problem);
    expect(directory.search.countRecords(create(CountRecordsRequestSchema))).toEqual(before);
  });

  test('answers before a bad record stand', async () => {
    const { items, error } = await drain(
      directory.store.push(
        stream(
          create(RecordSchema, { data: record('good') }),
          create(RecordSchema),
          create(RecordSchema, { data: record('late') }),
        ),
      ),
    );
    expect(items).toHaveLength(1);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(directory.search.countRecords(create(CountRecordsRequestSchema)).totalCount).toBe(2);
  });
});

describe('Pull and Lookup', () => {
  test('Pull answers the canonical form of the record', async () => {
    const data = { version: '1', schema_version: '1.0.0', name: 'z', list: [-0, 1e21, null], '9': {}, '10': [] };
    const pushed = await push(data);
    const pulled = await drain(directory.store.pull(stream(ref(pushed.items[0]?.cid ?? ''), ref(cid))));
    expect(pulled.items).toHaveLength(2);
    expect(pulled.items[0]?.data).toEqual(data);
    expect(pulled.items[1]?.data).toMatchObject({ name: 'stored' });
  });

  test('Lookup answers RecordMeta; own annotations win', async () => {
    const { items } = await drain(directory.store.lookup(stream(ref(cid))));
    expect(items).toEqual([
      {
        cid,
        schemaVersion: '1.0.0',
        createdAt: '2026-01-01T00:00:00Z',
        annotations: { name: 'own', version: '1.0.0', 'oasf-version': '1.0.0', team: 'a' },
      },
    ]);
  });

  test('Lookup tells the previous record of 0.7 and 0.8 only', async () => {
    const old = await push(record('old', { schema_version: '0.8.0', previous_record_cid: 'p' }));
    const current = await push(record('new', { previous_record_cid: 'p' }));
    const cids = [...old.items, ...current.items].map((item) => ref(item.cid ?? ''));
    const { items } = await drain(directory.store.lookup(stream(...cids)));
    expect(items[0]?.annotations).toMatchObject({ 'previous-cid': 'p' });
    expect(items[0]?.createdAt).toBe('');
    expect(items[1]?.annotations).not.toHaveProperty('previous-cid');
  });

  test.each(['pull', 'lookup'] as const)('%s: statuses for missing, empty and foreign identifiers', async (method) => {
    const call = (...cids: string[]) => drain<unknown>(directory.store[method](stream(...cids.map(ref))));
    const missing = await call(cid, unknownCid, cid);
    expect(missing.items).toHaveLength(1);
    expect(missing.error).toMatchObject({
      code: 'NOT_FOUND',
      message: `failed to ${method} record: record not found: ${unknownCid}`,
    });
    expect((await call('not a cid')).error).toMatchObject({ code: 'NOT_FOUND' });
    expect((await call('')).error).toMatchObject({ code: 'INVALID_ARGUMENT', message: 'record cid is required' });
    const referrer = await pushReferrer({ recordRef: { cid }, type: signature });
    expect((await call(referrer.items[0]?.referrerRef?.cid ?? '')).error).toMatchObject({ code: 'INTERNAL' });
  });
});

describe('Delete', () => {
  test('removes records and their referrers; missing ones count as removed', async () => {
    await pushReferrer({ recordRef: { cid }, type: signature });
    expect(await directory.store.delete(stream(ref(cid), ref(unknownCid), ref('not a cid')))).toEqual({});
    expect((await drain(directory.store.pull(stream(ref(cid))))).error).toMatchObject({ code: 'NOT_FOUND' });
    await push(record('stored', { created_at: '2026-01-01T00:00:00Z', annotations: { team: 'a', name: 'own' } }));
    expect((await pullReferrer({ recordRef: { cid } })).items).toEqual([]);
  });

  test('commits nothing when the stream has a bad reference', async () => {
    await expect(directory.store.delete(stream(ref(cid), ref('')))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect((await drain(directory.store.pull(stream(ref(cid))))).items).toHaveLength(1);
  });
});

describe('referrers', () => {
  const data = { value: 'sig', nested: { n: 1 } };

  test('are pulled as pushed, once, with their own identifier', async () => {
    const init = { recordRef: { cid }, type: signature, annotations: { k: 'v' }, createdAt: 'then', data };
    const first = await pushReferrer(init);
    expect(first.items).toMatchObject([{ success: true, referrerRef: { cid: expect.stringMatching(/^baearei/) } }]);
    expect((await pushReferrer(init)).items).toEqual(first.items);
    expect((await pullReferrer({ recordRef: { cid } })).items).toEqual([
      { referrer: { ...init, referrerRef: first.items[0]?.referrerRef } },
    ]);
  });

  test('filters narrow each other', async () => {
    const one = (await pushReferrer({ recordRef: { cid }, type: signature })).items[0]?.referrerRef?.cid ?? '';
    const two = (await pushReferrer({ recordRef: { cid }, type: publicKey })).items[0]?.referrerRef?.cid ?? '';
    const count = async (filter: object) => (await pullReferrer({ recordRef: { cid }, ...filter })).items.length;
    expect(await count({})).toBe(2);
    expect(await count({ referrerType: signature })).toBe(1);
    expect(await count({ referrerRef: { cid: two } })).toBe(1);
    expect(await count({ referrerType: signature, referrerRef: { cid: two } })).toBe(0);
    expect((await deleteReferrer({ record: { cid }, referrerType: signature, referrerRef: { cid: two } })).items).toEqual([
      { referrerRefs: [] },
    ]);
    expect((await deleteReferrer({ record: { cid } })).items).toEqual([{ referrerRefs: [{ cid: one }, { cid: two }] }]);
    expect(await count({})).toBe(0);
  });

  test('of a missing record', async () => {
    const recordRef = { cid: unknownCid };
    const pushed = await pushReferrer({ recordRef, type: signature });
    expect(pushed).toMatchObject({ error: undefined, items: [{ success: false, errorMessage: expect.any(String) }] });
    await pushReferrer({ recordRef: { cid }, type: signature });
    expect(await pullReferrer({ recordRef }, { recordRef: { cid } })).toEqual({ items: [{}], error: undefined });
    expect((await deleteReferrer({ record: recordRef })).error).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('rule violations are INVALID_ARGUMENT', async () => {
    const recordRef = { cid };
    const long = { cid: 'x'.repeat(129) };
    const results = [
      await pushReferrer({ type: signature }),
      await pushReferrer({ recordRef: { cid: '' }, type: signature }),
      await pushReferrer({ recordRef: long, type: signature }),
      await pushReferrer({ recordRef }),
      await pushReferrer({ recordRef, type: 'other' }),
      await pullReferrer({}),
      await pullReferrer({ recordRef, referrerType: '' }),
      await pullReferrer({ recordRef, referrerRef: {} }),
      await deleteReferrer({}),
      await deleteReferrer({ record: recordRef, referrerType: 'other' }),
      await deleteReferrer({ record: recordRef, referrerRef: long }),
    ];
    expect(results.map(({ items, error }) => [items, error])).toEqual(
      results.map(() => [[], expect.objectContaining({ code: 'INVALID_ARGUMENT' })]),
    );
  });
});
