import type { JsonObject } from '@bufbuild/protobuf';
import { SortMode } from '@dirgate/directory';
import { contentId } from './content-id.js';
import type { SqlDatabase } from './database.js';
import { type RecordFacts, readRecordFacts } from './record-facts.js';

const maxCachedFacts = 10_000;

const orders: Readonly<Record<SortMode, string>> = {
  [SortMode.UNSPECIFIED]: 'r.seq DESC',
  [SortMode.RECENCY]: 'r.seq DESC',
  [SortMode.RELEVANCE]: 'r.seq DESC',
  [SortMode.POPULARITY]: 'r.uses DESC, r.seq DESC',
  [SortMode.PROVIDER_COUNT]: "(p.labels IS NOT NULL AND p.labels <> '[]') DESC, r.seq DESC",
};

/** The records, by content identifier. Every method is one transaction of its own. */
export interface RecordStore {
  /** Stores a document; storing it again changes nothing. Returns its identifier. */
  put(canonicalText: string): string;
  get(cid: string): JsonObject | undefined;
  has(cid: string): boolean;
  facts(cid: string): RecordFacts | undefined;
  /** Adds one to the usage counter that sorting by popularity reads. */
  countUse(cid: string): void;
  /** Removes records together with what is attached to them: all or none. Unknown ones are passed over. */
  deleteAll(cids: Iterable<string>): void;
  /** All identifiers in the order asked for. */
  list(order: SortMode): string[];
}

/** The record store over an open database. */
export function createRecordStore(db: SqlDatabase): RecordStore {
  const insert = db.prepare('INSERT INTO records (cid, document) VALUES (?, ?) ON CONFLICT (cid) DO NOTHING');
  const select = db.prepare('SELECT document FROM records WHERE cid = ?');
  const exists = db.prepare('SELECT 1 AS found FROM records WHERE cid = ?');
  const use = db.prepare('UPDATE records SET uses = uses + 1 WHERE cid = ?');
  const removeReferrers = db.prepare('DELETE FROM referrers WHERE record_cid = ?');
  const remove = db.prepare('DELETE FROM records WHERE cid = ?');
  const removeAll = db.transaction((cids: Iterable<string>) => {
    for (const cid of cids) {
      removeReferrers.run(cid);
      remove.run(cid);
    }
  });
  // A document never changes under its identifier, so cached facts cannot go stale; whether it is still stored can.
  const cache = new Map<string, RecordFacts>();

  const get = (cid: string): JsonObject | undefined => {
    const row = select.get(cid) as { document: string } | undefined;
    return row && (JSON.parse(row.document) as JsonObject);
  };
  const has = (cid: string): boolean => exists.get(cid) !== undefined;
  return {
    put: (canonicalText) => {
      const cid = contentId(canonicalText);
      insert.run(cid, canonicalText);
      return cid;
    },
    get,
    has,
    facts: (cid) => {
      const cached = cache.get(cid);
      if (cached !== undefined) {
        return has(cid) ? cached : undefined;
      }
      const document = get(cid);
      if (document === undefined) {
        return undefined;
      }
      const facts = readRecordFacts(document);
      if (cache.size >= maxCachedFacts) {
        cache.clear();
      }
      cache.set(cid, facts);
      return facts;
    },
    countUse: (cid) => {
      use.run(cid);
    },
    deleteAll: (cids) => removeAll(cids),
    list: (order) =>
      (
        db
          .prepare(`SELECT r.cid FROM records r LEFT JOIN published p ON p.cid = r.cid ORDER BY ${orders[order] ?? orders[0]}`)
          .all() as { cid: string }[]
      ).map((row) => row.cid),
  };
}
