import type { JsonObject } from '@bufbuild/protobuf';
import { contentId } from './content-id.js';
import type { SqlDatabase } from './database.js';

/** A document attached to a record, as stored: the canonical form that its identifier is made from. */
export interface StoredReferrer {
  readonly cid: string;
  readonly recordCid: string;
  readonly type: string;
  readonly content: JsonObject;
}

/** Which referrers of a record; the filters narrow each other. */
export interface ReferrerFilter {
  readonly type?: string | undefined;
  readonly cid?: string | undefined;
}

/** What is attached to records. Every method is one transaction of its own. */
export interface ReferrerStore {
  /** Attaches a document; attaching it again changes nothing. Returns its identifier. */
  put(recordCid: string, type: string, canonicalText: string): string;
  has(cid: string): boolean;
  list(recordCid: string, filter: ReferrerFilter): StoredReferrer[];
  /** Removes what {@link list} would return, and returns the identifiers. */
  remove(recordCid: string, filter: ReferrerFilter): string[];
}

/** The referrer store over an open database. */
export function createReferrerStore(db: SqlDatabase): ReferrerStore {
  const insert = db.prepare(
    'INSERT INTO referrers (cid, record_cid, type, content) VALUES (?, ?, ?, ?) ON CONFLICT (cid) DO NOTHING',
  );
  const exists = db.prepare('SELECT 1 AS found FROM referrers WHERE cid = ?');
  const select = db.prepare('SELECT cid, type, content FROM referrers WHERE record_cid = ? ORDER BY seq');
  const removeOne = db.prepare('DELETE FROM referrers WHERE cid = ?');

  const list = (recordCid: string, filter: ReferrerFilter): StoredReferrer[] =>
    (select.all(recordCid) as { cid: string; type: string; content: string }[])
      .filter((row) => filter.type === undefined || row.type === filter.type)
      .filter((row) => filter.cid === undefined || row.cid === filter.cid)
      .map(({ cid, type, content }) => ({ cid, recordCid, type, content: JSON.parse(content) as JsonObject }));
  const remove = db.transaction((recordCid: string, filter: ReferrerFilter): string[] => {
    const cids = list(recordCid, filter).map((referrer) => referrer.cid);
    for (const cid of cids) {
      removeOne.run(cid);
    }
    return cids;
  });
  return {
    put: (recordCid, type, canonicalText) => {
      const cid = contentId(canonicalText);
      insert.run(cid, recordCid, type, canonicalText);
      return cid;
    },
    has: (cid) => exists.get(cid) !== undefined,
    list,
    remove: (recordCid, filter) => remove(recordCid, filter),
  };
}
