import { create, type JsonObject, toBinary } from '@bufbuild/protobuf';
import { RecordSchema, type StoreService } from '@dirgate/directory';
import { canonicalJson } from './canonical-json.js';
import { DirectoryError, quoteCid } from './directory-error.js';
import type { RecordFacts } from './record-facts.js';
import type { RecordStore } from './record-store.js';
import { createReferrerHandlers } from './referrer-handlers.js';
import type { ReferrerStore } from './referrer-store.js';
import type { ServiceHandlers } from './service-handlers.js';
import { recordProblems } from './validate-record.js';

/** gRPC's default receive limit: a bigger record could be stored but never be pulled by a stock client. */
const maxRecordBytes = 4 * 1024 * 1024;

/** StoreService over the record and referrer stores (directory-wire §2.4, §2.5). */
export function createStoreService(records: RecordStore, referrers: ReferrerStore): ServiceHandlers<typeof StoreService> {
  /** Fails a call that names no stored record. `doing` is part of the wording that clients know. */
  const requireCid = (cid: string): string => {
    if (cid === '') {
      throw new DirectoryError('INVALID_ARGUMENT', 'record cid is required');
    }
    return cid;
  };
  const missing = (cid: string, doing: string): DirectoryError =>
    referrers.has(cid)
      ? new DirectoryError('INTERNAL', `failed to ${doing} record: not a record: ${quoteCid(cid)}`)
      : new DirectoryError('NOT_FOUND', `failed to ${doing} record: record not found: ${quoteCid(cid)}`);

  return {
    push: async function* (requests) {
      for await (const { data } of requests) {
        yield { cid: records.put(canonicalRecord(data)) };
      }
    },
    pull: async function* (requests) {
      for await (const { cid } of requests) {
        const data = records.get(requireCid(cid));
        if (data === undefined) {
          throw missing(cid, 'pull');
        }
        records.countUse(cid);
        yield { data };
      }
    },
    lookup: async function* (requests) {
      for await (const { cid } of requests) {
        const facts = records.facts(requireCid(cid));
        if (facts === undefined) {
          throw missing(cid, 'lookup');
        }
        records.countUse(cid);
        yield { cid, annotations: metaAnnotations(facts), schemaVersion: facts.schemaVersion, createdAt: facts.createdAt ?? '' };
      }
    },
    delete: async (requests) => {
      // Nothing is deleted before the client is done: a stream that is cut off or refused half-way leaves no trace.
      const cids = new Set<string>();
      for await (const { cid } of requests) {
        cids.add(requireCid(cid));
      }
      records.deleteAll(cids);
      return {};
    },
    ...createReferrerHandlers(records, referrers),
  };
}

/** The canonical text of a record that may be stored. */
function canonicalRecord(data: JsonObject | undefined): string {
  if (data === undefined) {
    throw invalidRecord(['data is missing']);
  }
  const problems = recordProblems(data);
  if (problems.length > 0) {
    throw invalidRecord(problems);
  }
  let text: string;
  try {
    text = canonicalJson(data);
  } catch (error) {
    throw invalidRecord([error instanceof RangeError ? error.message : 'cannot be serialised']);
  }
  // The wire form is at most six times the text: a number in a list takes two bytes of text (`0,`) and eleven on the wire.
  if (text.length * 6 > maxRecordBytes && toBinary(RecordSchema, create(RecordSchema, { data })).length > maxRecordBytes) {
    throw invalidRecord([`bigger than ${maxRecordBytes} bytes`]);
  }
  return text;
}

function invalidRecord(problems: readonly string[]): DirectoryError {
  return new DirectoryError('INVALID_ARGUMENT', `record validation failed: [${problems.join(', ')}]`);
}

/** What Lookup tells of a record; its own annotations win over what is derived. */
function metaAnnotations(facts: RecordFacts): Record<string, string> {
  const hasPrevious = facts.schemaVersion.startsWith('0.');
  const derived = [
    ['name', facts.name],
    ['version', facts.version],
    ['oasf-version', facts.schemaVersion],
    ['previous-cid', hasPrevious ? (facts.previousCid ?? '') : ''],
  ].filter(([, value]) => value !== '');
  return Object.fromEntries([...derived, ...facts.annotations]);
}
