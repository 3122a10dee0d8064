import type { JsonObject } from '@bufbuild/protobuf';
import type { PushReferrerRequest, RecordRef, ReferrerRef, StoreService } from '@dirgate/directory';
import { canonicalJson } from './canonical-json.js';
import { DirectoryError, quoteCid } from './directory-error.js';
import type { RecordStore } from './record-store.js';
import type { ReferrerFilter, ReferrerStore, StoredReferrer } from './referrer-store.js';
import type { ServiceHandlers } from './service-handlers.js';

const referrerTypes: ReadonlySet<string> = new Set([
  'agntcy.dir.sign.v1.PublicKey',
  'agntcy.dir.sign.v1.Signature',
  'agntcy.dir.security.v1.ScanReport',
]);
const maxCidLength = 128;

type ReferrerHandlers = Pick<ServiceHandlers<typeof StoreService>, 'pushReferrer' | 'pullReferrer' | 'deleteReferrer'>;

/** The referrer methods of StoreService (directory-wire §2.4): the only ones whose field rules the Directory checks. */
export function createReferrerHandlers(records: RecordStore, referrers: ReferrerStore): ReferrerHandlers {
  return {
    pushReferrer: async function* (requests) {
      for await (const request of requests) {
        const recordCid = checkedCid(request.recordRef, 'record_ref');
        checkType(request.type, 'type');
        yield records.has(recordCid)
          ? attach(referrers, recordCid, request)
          : { success: false, errorMessage: `record not found: ${quoteCid(recordCid)}` };
      }
    },
    pullReferrer: async function* (requests) {
      for await (const { recordRef, referrerType, referrerRef } of requests) {
        const recordCid = checkedCid(recordRef, 'record_ref');
        const filter = checkedFilter(referrerType, referrerRef);
        if (!records.has(recordCid)) {
          // One empty answer, then the call is over: what the real server does.
          yield {};
          return;
        }
        for (const referrer of referrers.list(recordCid, filter)) {
          yield { referrer: toMessage(referrer) };
        }
      }
    },
    deleteReferrer: async function* (requests) {
      for await (const { record, referrerType, referrerRef } of requests) {
        const recordCid = checkedCid(record, 'record');
        const filter = checkedFilter(referrerType, referrerRef);
        if (!records.has(recordCid)) {
          throw new DirectoryError('NOT_FOUND', `failed to delete referrer: record not found: ${quoteCid(recordCid)}`);
        }
        yield { referrerRefs: referrers.remove(recordCid, filter).map((cid) => ({ cid })) };
      }
    },
  };
}

function attach(referrers: ReferrerStore, recordCid: string, request: PushReferrerRequest) {
  const { type, annotations, createdAt, data } = request;
  const content: JsonObject = {
    ...(Object.keys(annotations).length > 0 && { annotations }),
    ...(createdAt !== '' && { created_at: createdAt }),
    ...(data !== undefined && { data }),
    record_ref: { cid: recordCid },
    type,
  };
  let text: string;
  try {
    text = canonicalJson(content);
  } catch {
    return { success: false, errorMessage: 'the referrer cannot be serialised' };
  }
  return { success: true, referrerRef: { cid: referrers.put(recordCid, type, text) } };
}

function toMessage({ cid, recordCid, type, content }: StoredReferrer) {
  const data = content['data'] as JsonObject | undefined;
  return {
    type,
    recordRef: { cid: recordCid },
    annotations: (content['annotations'] ?? {}) as Record<string, string>,
    createdAt: (content['created_at'] ?? '') as string,
    ...(data !== undefined && { data }),
    referrerRef: { cid },
  };
}

function checkedFilter(type: string | undefined, ref: ReferrerRef | undefined): ReferrerFilter {
  if (type !== undefined) {
    checkType(type, 'referrer_type');
  }
  return { type, cid: ref && checkedCid(ref, 'referrer_ref') };
}

function checkedCid(ref: RecordRef | ReferrerRef | undefined, field: string): string {
  if (ref === undefined) {
    throw violation(`${field} is required`);
  }
  if (ref.cid === '' || [...ref.cid].length > maxCidLength) {
    throw violation(`${field}.cid must have 1 to ${maxCidLength} characters`);
  }
  return ref.cid;
}

function checkType(type: string, field: string): void {
  if (!referrerTypes.has(type)) {
    throw violation(`${field} is not a referrer type`);
  }
}

function violation(problem: string): DirectoryError {
  return new DirectoryError('INVALID_ARGUMENT', `invalid request: ${problem}`);
}
