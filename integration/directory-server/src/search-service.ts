import {
  type SearchCIDsRequest,
  type SearchRecordQuery,
  type SearchRecordsRequest,
  type SearchService,
  SortMode,
} from '@dirgate/directory';
import type { RecordStore } from './record-store.js';
import { searchMatcher } from './search-matcher.js';
import type { ServiceHandlers } from './service-handlers.js';

/** SearchService over the record store (directory-wire §2.6). */
export function createSearchService(records: RecordStore): ServiceHandlers<typeof SearchService> {
  return {
    searchCIDs: function* (request) {
      for (const recordCid of page(records, request)) {
        yield { recordCid };
      }
    },
    searchRecords: function* (request) {
      for (const cid of page(records, request)) {
        const data = records.get(cid);
        // Gone since the search: passed over in silence.
        if (data !== undefined) {
          yield { record: { data } };
        }
      }
    },
    countRecords: ({ queries }) => ({ totalCount: findRecords(records, queries).length }),
  };
}

/** The identifiers of all hits, in the order asked for. */
export function findRecords(
  records: RecordStore,
  queries: readonly SearchRecordQuery[],
  order: SortMode = SortMode.UNSPECIFIED,
): string[] {
  const matches = searchMatcher(queries);
  return records.list(order).filter((cid) => {
    const facts = records.facts(cid);
    return facts !== undefined && matches(facts);
  });
}

function page(records: RecordStore, request: SearchCIDsRequest | SearchRecordsRequest): string[] {
  const hits = findRecords(records, request.queries, request.sortMode);
  return pageOf(hits, request.limit, request.offset);
}

/** One page of a list; a limit of 0 is none. */
export function pageOf<T>(items: readonly T[], limit: number | undefined, offset: number | undefined): T[] {
  const from = offset ?? 0;
  return items.slice(from, limit ? from + limit : undefined);
}
