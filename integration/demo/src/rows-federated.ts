import { SearchRecordQueryType } from '@dirgate/directory';
import { bidi, clientStream, serverStream } from '@dirgate/harness';
import { type DemoWorld, type Listener, PARTNER } from './demo-world.js';
import { expectThat } from './expect-that.js';
import type { SharedRecords } from './shared-records.js';
import type { Row } from './table.js';

export const PARTNER_READER = `spiffe://${PARTNER}/agent/reader`;

/** Rows of a caller from the federated trust domain. */
export function federatedRows(world: DemoWorld, listener: Listener, records: SharedRecords): readonly Row[] {
  const partner = { who: 'partner reader', credential: 'X.509 federated' };
  const client = () => world.client({ id: PARTNER_READER, listener });
  return [
    {
      ...partner,
      call: 'SearchCIDs by name',
      expected: { status: 'OK', reason: 'role_searcher', handler: PARTNER_READER },
      run: async () => {
        using reader = await client();
        const queries = [{ type: SearchRecordQueryType.NAME, value: 'directory.example/acme/*' }];
        const attempt = await serverStream(reader.search.searchCIDs({ queries }));
        expectThat(attempt.answers.length === 3, `${attempt.answers.length} CIDs instead of 3`);
        return attempt;
      },
    },
    {
      ...partner,
      call: 'SearchRecords: whole records of anybody',
      expected: { status: 'PERMISSION_DENIED', reason: 'search_exceeds_reading', handler: null },
      run: async () => {
        using reader = await client();
        return await serverStream(reader.search.searchRecords({}));
      },
    },
    {
      ...partner,
      call: 'Pull a record it may read',
      expected: { status: 'OK', reason: 'role_reader', handler: PARTNER_READER },
      run: async () => {
        using reader = await client();
        const attempt = await bidi(reader.store.pull(), [{ cid: records.acmeCid }]);
        expectThat(attempt.answers[0]?.data?.['name'] === records.acmeName, 'another record was pulled');
        return attempt;
      },
    },
    {
      ...partner,
      call: 'Push a record',
      expected: { status: 'PERMISSION_DENIED', reason: 'role_lacks_class', handler: null },
      run: async () => {
        using reader = await client();
        return await bidi(reader.store.push(), [{ data: records.umbra }]);
      },
    },
    {
      ...partner,
      call: 'Delete a record',
      expected: { status: 'PERMISSION_DENIED', reason: 'role_lacks_class', handler: null },
      run: async () => {
        using reader = await client();
        const attempt = await clientStream((callback) => reader.store.delete(callback), [{ cid: records.acmeCid }]);
        expectThat(records.isStored(records.acmeCid), 'the record is gone all the same');
        return attempt;
      },
    },
    {
      ...partner,
      call: 'Pull an allowed one, then a forbidden one',
      expected: { status: 'PERMISSION_DENIED', reason: 'name_outside_grant', handler: PARTNER_READER },
      run: async () => {
        using reader = await client();
        const attempt = await bidi(reader.store.pull(), [{ cid: records.acmeCid }, { cid: records.labsCid }]);
        const names = attempt.answers.map(({ data }) => String(data?.['name']));
        expectThat(names.join() === records.acmeName, `pulled [${names.join(', ')}] instead of the allowed one alone`);
        return attempt;
      },
    },
  ];
}
