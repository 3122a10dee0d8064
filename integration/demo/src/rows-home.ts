import type { JsonObject } from '@bufbuild/protobuf';
import { RoutingRecordQueryType, SearchRecordQueryType } from '@dirgate/directory';
import { type Attempt, bidi, clientStream, serverStream, unary } from '@dirgate/harness';
import type { DemoWorld, Listener } from './demo-world.js';
import { HOME } from './demo-world.js';
import { expectThat } from './expect-that.js';
import type { SharedRecords } from './shared-records.js';
import type { Row } from './table.js';

export const ACME = `spiffe://${HOME}/publisher/acme`;
export const UMBRA = `spiffe://${HOME}/publisher/umbra`;
export const USER = `spiffe://${HOME}/user/ada`;
export const ADMIN = `spiffe://${HOME}/admin`;

/** Pushes records; the answers are their CIDs, in order. */
export async function push(
  world: DemoWorld,
  id: string,
  listener: Listener,
  records: readonly JsonObject[],
): Promise<Attempt<{ cid: string }>> {
  using client = await world.client({ id, listener });
  return await bidi(
    client.store.push(),
    records.map((data) => ({ data })),
  );
}

/** Rows of the home trust domain: publishers, a person at the command line, the admin. */
export function homeRows(world: DemoWorld, listener: Listener, records: SharedRecords): readonly Row[] {
  return [
    ...publisherRows(world, listener, records),
    ...userRows(world, listener, records),
    ...adminRows(world, listener, records),
  ];
}

function publisherRows(world: DemoWorld, listener: Listener, records: SharedRecords): readonly Row[] {
  const acme = { who: 'home publisher acme', credential: 'X.509' };
  return [
    {
      ...acme,
      call: 'Push the five sample records',
      expected: { status: 'OK', reason: 'role_publisher', handler: ACME },
      run: async () => {
        const attempt = await push(world, ACME, listener, records.samples);
        expectThat(attempt.answers.length === 5, `${attempt.answers.length} refs instead of 5`);
        records.remember(attempt.answers.map(({ cid }) => cid));
        return attempt;
      },
    },
    {
      ...acme,
      call: 'Publish them',
      expected: { status: 'OK', reason: 'role_publisher', handler: ACME },
      run: async () => {
        using client = await world.client({ id: ACME, listener });
        const refs = records.cids.map((cid) => ({ cid }));
        return await unary((callback) => client.routing.publish({ request: { case: 'recordRefs', value: { refs } } }, callback));
      },
    },
    {
      ...acme,
      call: 'Lookup one',
      expected: { status: 'OK', reason: 'role_reader', handler: ACME },
      run: async () => {
        using client = await world.client({ id: ACME, listener });
        const attempt = await bidi(client.store.lookup(), [{ cid: records.acmeCid }]);
        expectThat(attempt.answers[0]?.cid === records.acmeCid, 'another record was looked up');
        return attempt;
      },
    },
    {
      who: 'home publisher umbra',
      credential: 'X.509',
      call: 'Push a record of its own',
      expected: { status: 'OK', reason: 'role_publisher', handler: UMBRA },
      run: async () => {
        const attempt = await push(world, UMBRA, listener, [records.umbra]);
        records.umbraCid = attempt.answers[0]?.cid ?? '';
        return attempt;
      },
    },
    {
      ...acme,
      call: "Delete umbra's record",
      expected: { status: 'PERMISSION_DENIED', reason: 'name_outside_grant', handler: ACME },
      run: async () => {
        using client = await world.client({ id: ACME, listener });
        const attempt = await clientStream((callback) => client.store.delete(callback), [{ cid: records.umbraCid }]);
        expectThat(records.isStored(records.umbraCid), 'the record is gone all the same');
        return attempt;
      },
    },
  ];
}

function userRows(world: DemoWorld, listener: Listener, records: SharedRecords): readonly Row[] {
  const user = { who: 'home CLI user', credential: 'JWT' };
  const client = () => world.client({ id: USER, present: 'jwt', listener });
  return [
    {
      ...user,
      call: 'SearchCIDs by skill',
      expected: { status: 'OK', reason: 'role_searcher', handler: USER },
      run: async () => {
        using cli = await client();
        const queries = [{ type: SearchRecordQueryType.SKILL_NAME, value: 'natural_language_processing/*' }];
        const attempt = await serverStream(cli.search.searchCIDs({ queries }));
        expectThat(
          attempt.answers.some(({ recordCid }) => recordCid === records.acmeCid),
          'the record was not found',
        );
        return attempt;
      },
    },
    {
      ...user,
      call: 'SearchRecords by name',
      expected: { status: 'OK', reason: 'role_searcher', handler: USER },
      run: async () => {
        using cli = await client();
        const queries = [{ type: SearchRecordQueryType.NAME, value: records.acmeName }];
        const attempt = await serverStream(cli.search.searchRecords({ queries }));
        expectThat(attempt.answers[0]?.record?.data?.['name'] === records.acmeName, 'another record was found');
        return attempt;
      },
    },
    {
      ...user,
      call: 'List published, by skill',
      expected: { status: 'OK', reason: 'role_searcher', handler: USER },
      run: async () => {
        using cli = await client();
        const queries = [{ type: RoutingRecordQueryType.SKILL, value: 'natural_language_processing' }];
        const attempt = await serverStream(cli.routing.list({ queries }));
        expectThat(
          attempt.answers.some(({ recordRef }) => recordRef?.cid === records.acmeCid),
          'the record was not listed',
        );
        return attempt;
      },
    },
    {
      ...user,
      call: 'Pull it',
      expected: { status: 'OK', reason: 'role_reader', handler: USER },
      run: async () => {
        using cli = await client();
        const attempt = await bidi(cli.store.pull(), [{ cid: records.acmeCid }]);
        expectThat(attempt.answers[0]?.data?.['name'] === records.acmeName, 'another record was pulled');
        return attempt;
      },
    },
    {
      ...user,
      call: 'Push a record',
      expected: { status: 'PERMISSION_DENIED', reason: 'role_lacks_class', handler: null },
      run: async () => {
        using cli = await client();
        return await bidi(cli.store.push(), [{ data: records.umbra }]);
      },
    },
  ];
}

function adminRows(world: DemoWorld, listener: Listener, records: SharedRecords): readonly Row[] {
  return [
    {
      who: 'home admin',
      credential: 'X.509',
      call: "Delete umbra's record",
      expected: { status: 'OK', reason: 'role_admin', handler: ADMIN },
      run: async () => {
        using client = await world.client({ id: ADMIN, listener });
        const attempt = await clientStream((callback) => client.store.delete(callback), [{ cid: records.umbraCid }]);
        expectThat(!records.isStored(records.umbraCid), 'the record is still there');
        return attempt;
      },
    },
  ];
}
