import type { PublicationService, PublishRequest } from '@dirgate/directory';
import { DirectoryError } from './directory-error.js';
import type { Publisher } from './publisher.js';
import type { Publication, RoutingStore } from './routing-store.js';
import { pageOf } from './search-service.js';
import type { ServiceHandlers } from './service-handlers.js';

/** PublicationService (directory-wire §2.9). Publications of RoutingService.Publish are listed too. */
export function createPublicationService(routing: RoutingStore, publish: Publisher): ServiceHandlers<typeof PublicationService> {
  return {
    createPublication: (request) => {
      if (isEmpty(request)) {
        throw new DirectoryError('INVALID_ARGUMENT', 'one of record_refs, queries and all_records must select something');
      }
      return { publicationId: publish(request) };
    },
    listPublications: function* ({ limit, offset }) {
      for (const publication of pageOf(routing.publications(), limit, offset)) {
        yield toMessage(publication);
      }
    },
    getPublication: ({ publicationId }) => {
      if (publicationId === '') {
        throw new DirectoryError('INVALID_ARGUMENT', 'publication id is required');
      }
      const publication = routing.publication(publicationId);
      if (publication === undefined) {
        throw new DirectoryError('UNKNOWN', 'publication not found');
      }
      return toMessage(publication);
    },
  };
}

function isEmpty({ request }: PublishRequest): boolean {
  switch (request.case) {
    case 'recordRefs':
      return request.value.refs.length === 0;
    case 'queries':
      return request.value.queries.length === 0;
    case 'allRecords':
      return !request.value;
    case undefined:
      return true;
  }
}

function toMessage({ id, status, createdAtMs, updatedAtMs }: Publication) {
  return {
    publicationId: id,
    status,
    createdTime: new Date(createdAtMs).toISOString(),
    lastUpdateTime: new Date(updatedAtMs).toISOString(),
  };
}
