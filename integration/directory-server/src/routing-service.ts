import type { RoutingRecordQuery, RoutingService } from '@dirgate/directory';
import { DirectoryError, quoteCid } from './directory-error.js';
import type { Publisher } from './publisher.js';
import type { RecordStore } from './record-store.js';
import { labelsMatch } from './routing-labels.js';
import type { RoutingStore } from './routing-store.js';
import { pageOf } from './search-service.js';
import type { ServiceHandlers } from './service-handlers.js';

/** RoutingService of a directory without a network (directory-wire §2.8). */
export function createRoutingService(
  records: RecordStore,
  routing: RoutingStore,
  publish: Publisher,
): ServiceHandlers<typeof RoutingService> {
  return {
    publish: (request) => {
      publish(request);
      return {};
    },
    unpublish: ({ request }) => {
      if (request.case !== 'recordRefs') {
        throw new DirectoryError('INVALID_ARGUMENT', 'only record_refs can be unpublished');
      }
      for (const { cid } of request.value.refs) {
        requireCid(cid);
        if (!records.has(cid)) {
          throw new DirectoryError('NOT_FOUND', `failed to unpublish record: record not found: ${quoteCid(cid)}`);
        }
        routing.unpublish(cid);
      }
      return {};
    },
    list: function* ({ queries, limit }) {
      const wanted = distinct(queries);
      const hits = routing.published().filter(({ labels }) => wanted.every((query) => labelsMatch(labels, query)));
      for (const { cid, labels } of pageOf(hits, limit, 0)) {
        yield { recordRef: { cid }, labels: [...labels] };
      }
    },
    // Finds only what other peers announce, and there are none.
    search: function* () {},
    getProviderCount: ({ cid }) => {
      requireCid(cid);
      return { count: routing.labelsOf(cid).length > 0 ? 1 : 0 };
    },
  };
}

function requireCid(cid: string): void {
  if (cid === '') {
    throw new DirectoryError('INVALID_ARGUMENT', 'record cid is required');
  }
}

function distinct(queries: readonly RoutingRecordQuery[]): RoutingRecordQuery[] {
  return [...new Map(queries.map((query) => [`${query.type} ${query.value}`, query])).values()];
}
