import { closeSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Database from 'libsql';
import { DirectoryFileError } from './directory-file-error.js';

/** An open libsql database; the API is better-sqlite3's. */
export type SqlDatabase = Database.Database;

/** `dgd1` at offset 68 of the file: how we know our own. */
const applicationId = 0x64676431;
const schemaVersion = 1;
const busyTimeoutMs = 5_000;

const schema = `
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
  CREATE TABLE records (seq INTEGER PRIMARY KEY AUTOINCREMENT, cid TEXT NOT NULL UNIQUE, document TEXT NOT NULL,
    uses INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE referrers (seq INTEGER PRIMARY KEY AUTOINCREMENT, cid TEXT NOT NULL UNIQUE, record_cid TEXT NOT NULL,
    type TEXT NOT NULL, content TEXT NOT NULL);
  CREATE INDEX referrers_of_record ON referrers (record_cid);
  CREATE TABLE published (seq INTEGER PRIMARY KEY AUTOINCREMENT, cid TEXT NOT NULL UNIQUE, labels TEXT NOT NULL);
  CREATE TABLE publications (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, status INTEGER NOT NULL,
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL);
`;

/**
 * Opens the database file, or creates it with its parent directory. A file that is not ours is recognised by its first
 * bytes, before SQLite could touch it.
 *
 * @throws DirectoryFileError `foreign`, `newer`, `unusable`.
 */
export function openDatabase(path: string): SqlDatabase {
  const file = resolve(path);
  try {
    mkdirSync(dirname(file), { recursive: true });
    checkHeader(file);
    const db = new Database(file, { timeout: busyTimeoutMs });
    // Before WAL, so that the header in the file itself, not only the log, says whose it is.
    createSchema(db);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    return db;
  } catch (error) {
    throw error instanceof DirectoryFileError
      ? error
      : new DirectoryFileError(
          'unusable',
          file,
          `cannot be opened as the Directory's database (${reason(error)}); check the path and its permissions, or choose another file`,
          error,
        );
  }
}

function checkHeader(file: string): void {
  const header = readHeader(file);
  if (header.length === 0) {
    return;
  }
  const ours =
    header.length === 72 && header.toString('latin1', 0, 16) === 'SQLite format 3\0' && header.readUInt32BE(68) === applicationId;
  if (!ours) {
    throw new DirectoryFileError(
      'foreign',
      file,
      'is not a database of this Directory and was left as it is; choose another file, or move this one away',
    );
  }
  const version = header.readUInt32BE(60);
  if (version !== schemaVersion) {
    throw new DirectoryFileError(
      'newer',
      file,
      `has schema version ${version}, this program knows ${schemaVersion}; use the version that made it, or choose another file`,
    );
  }
}

/** The first 72 bytes; fewer when the file is shorter, none when it does not exist. */
function readHeader(file: string): Buffer {
  const header = Buffer.alloc(72);
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return header.subarray(0, 0);
    }
    throw error;
  }
  try {
    return header.subarray(0, readSync(descriptor, header, 0, header.length, 0));
  } finally {
    closeSync(descriptor);
  }
}

function createSchema(db: SqlDatabase): void {
  const create = db.transaction(() => {
    const { objects } = db.prepare('SELECT count(*) AS objects FROM sqlite_master').get() as { objects: number };
    if (objects === 0) {
      db.exec(schema);
    }
  });
  create.immediate();
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
