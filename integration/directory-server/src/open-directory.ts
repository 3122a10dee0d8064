import type { PublicationService, RoutingService, SearchService, StoreService, SyncService } from '@dirgate/directory';
import { openDatabase } from './database.js';
import { createPublicationService } from './publication-service.js';
import { createPublisher } from './publisher.js';
import { createRecordStore } from './record-store.js';
import { createReferrerStore } from './referrer-store.js';
import { createRoutingService } from './routing-service.js';
import { createRoutingStore } from './routing-store.js';
import { createSearchService } from './search-service.js';
import type { ServiceHandlers } from './service-handlers.js';
import { createStoreService } from './store-service.js';
import { createSyncService } from './sync-service.js';

/**
 * What a record says of itself, under the names that policies read (`resource.properties`). A type alias, as an interface
 * would not fit the guard's `Record<string, unknown>`.
 */
export type RecordDescription = {
  readonly name: string;
  readonly version: string;
  readonly schema_version: string;
  readonly authors: readonly string[];
  /** Names. */
  readonly skills: readonly string[];
  /** Names. */
  readonly domains: readonly string[];
  /** Names. */
  readonly modules: readonly string[];
  /** Types. */
  readonly locators: readonly string[];
};

/** A resource that a guard asks about. */
export interface DescribedResource {
  readonly type: string;
  readonly id?: string | undefined;
}

/** The reference Directory: five services without a transport, over one database file. */
export interface Directory extends Disposable {
  readonly store: ServiceHandlers<typeof StoreService>;
  readonly sync: ServiceHandlers<typeof SyncService>;
  readonly routing: ServiceHandlers<typeof RoutingService>;
  readonly publication: ServiceHandlers<typeof PublicationService>;
  readonly search: ServiceHandlers<typeof SearchService>;
  /** What a stored record says of itself; `undefined` when it is not stored, or the resource is no record. */
  describe(resource: DescribedResource): RecordDescription | undefined;
  /** Writes everything back to the file and closes it. End the calls first: none may come later. Closing again does nothing. */
  close(): void;
}

/** Options of {@link openDirectory}. */
export interface DirectoryOptions {
  /** The database file; created with its parent directory when it does not exist. */
  readonly file: string;
  /** Milliseconds since the epoch; times of publications come from it. Default `Date.now`. */
  readonly clock?: () => number;
}

/**
 * Opens the Directory in a file. What was acknowledged survives the end of the process.
 *
 * @throws DirectoryFileError `foreign` (the file is something else; it is not touched), `newer`, `unusable`.
 */
export function openDirectory({ file, clock = Date.now }: DirectoryOptions): Directory {
  const db = openDatabase(file);
  const records = createRecordStore(db);
  const routing = createRoutingStore(db);
  const publish = createPublisher(records, routing, clock);
  let open = true;
  const close = (): void => {
    if (open) {
      open = false;
      db.pragma('wal_checkpoint(TRUNCATE)');
      db.close();
    }
  };
  return {
    store: createStoreService(records, createReferrerStore(db)),
    sync: createSyncService(),
    routing: createRoutingService(records, routing, publish),
    publication: createPublicationService(routing, publish),
    search: createSearchService(records),
    describe: ({ type, id }) => {
      const facts = type === 'record' && id !== undefined ? records.facts(id) : undefined;
      return (
        facts && {
          name: facts.name,
          version: facts.version,
          schema_version: facts.schemaVersion,
          authors: facts.authors ?? [],
          skills: facts.skills.map(({ name }) => name),
          domains: facts.domains.map(({ name }) => name),
          modules: facts.modules.map(({ name }) => name),
          locators: facts.locators.map(({ type: locatorType }) => locatorType),
        }
      );
    },
    close,
    [Symbol.dispose]: close,
  };
}
