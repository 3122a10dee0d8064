import type { PublicationStatus } from '@dirgate/directory';
import type { SqlDatabase } from './database.js';

/** A record that this directory announces. */
export interface PublishedRecord {
  readonly cid: string;
  readonly labels: readonly string[];
}

/** One request to publish, and what became of it. */
export interface Publication {
  readonly id: string;
  readonly status: PublicationStatus;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** What is published, and the requests that led to it. Every method is one transaction of its own. */
export interface RoutingStore {
  /** Publishes records and keeps the publication: all or nothing. A record published before stays as it was. */
  publish(publication: Publication, records: Iterable<PublishedRecord>): void;
  unpublish(cid: string): void;
  published(): PublishedRecord[];
  labelsOf(cid: string): readonly string[];
  publication(id: string): Publication | undefined;
  /** Oldest first. */
  publications(): Publication[];
}

const columns = 'id, status, created_ms AS createdAtMs, updated_ms AS updatedAtMs';

/** The routing store over an open database. */
export function createRoutingStore(db: SqlDatabase): RoutingStore {
  const insertRecord = db.prepare('INSERT INTO published (cid, labels) VALUES (?, ?) ON CONFLICT (cid) DO NOTHING');
  const insertPublication = db.prepare('INSERT INTO publications (id, status, created_ms, updated_ms) VALUES (?, ?, ?, ?)');
  const removeRecord = db.prepare('DELETE FROM published WHERE cid = ?');
  const selectRecord = db.prepare('SELECT labels FROM published WHERE cid = ?');
  const selectRecords = db.prepare('SELECT cid, labels FROM published ORDER BY seq');
  const selectPublication = db.prepare(`SELECT ${columns} FROM publications WHERE id = ?`);
  const selectPublications = db.prepare(`SELECT ${columns} FROM publications ORDER BY seq`);
  const publish = db.transaction((publication: Publication, records: Iterable<PublishedRecord>) => {
    for (const { cid, labels } of records) {
      insertRecord.run(cid, JSON.stringify(labels));
    }
    insertPublication.run(publication.id, publication.status, publication.createdAtMs, publication.updatedAtMs);
  });
  return {
    publish: (publication, records) => publish(publication, records),
    unpublish: (cid) => {
      removeRecord.run(cid);
    },
    published: () =>
      (selectRecords.all() as { cid: string; labels: string }[]).map(({ cid, labels }) => ({
        cid,
        labels: JSON.parse(labels) as string[],
      })),
    labelsOf: (cid) => JSON.parse((selectRecord.get(cid) as { labels: string } | undefined)?.labels ?? '[]') as string[],
    publication: (id) => selectPublication.get(id) as Publication | undefined,
    publications: () => selectPublications.all() as Publication[],
  };
}
