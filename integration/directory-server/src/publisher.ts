import { randomUUID } from 'node:crypto';
import { PublicationStatus, type PublishRequest } from '@dirgate/directory';
import type { RecordStore } from './record-store.js';
import { routingLabels } from './routing-labels.js';
import type { RoutingStore } from './routing-store.js';
import { findRecords } from './search-service.js';

/**
 * Carries out a publication and returns its id. The real Directory queues it for a worker; this one resolves it at once.
 * What cannot be resolved makes the publication FAILED, never the call; what can be is published all the same.
 */
export type Publisher = (request: PublishRequest) => string;

/** A publisher over the stores. */
export function createPublisher(records: RecordStore, routing: RoutingStore, now: () => number): Publisher {
  return (request) => {
    const at = now();
    const cids = resolve(records, request);
    const found = (cids ?? []).flatMap((cid) => {
      const facts = records.facts(cid);
      return facts === undefined ? [] : [{ cid, labels: routingLabels(facts) }];
    });
    const status = found.length === cids?.length ? PublicationStatus.COMPLETED : PublicationStatus.FAILED;
    const id = randomUUID();
    routing.publish({ id, status, createdAtMs: at, updatedAtMs: at }, found);
    return id;
  };
}

/** The records that a request selects; `undefined` when its queries cannot be run. */
function resolve(records: RecordStore, { request }: PublishRequest): readonly string[] | undefined {
  switch (request.case) {
    case 'recordRefs':
      return request.value.refs.map((ref) => ref.cid);
    case 'queries':
      try {
        return findRecords(records, request.value.queries);
      } catch {
        return undefined;
      }
    case 'allRecords':
      return request.value ? findRecords(records, []) : [];
    case undefined:
      return [];
  }
}
