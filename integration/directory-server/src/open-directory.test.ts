import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { ListRequestSchema, PublishRequestSchema, RecordRefSchema, RecordSchema } from '@dirgate/directory';
import Database from 'libsql';
import { describe, expect, test } from 'vitest';
import { openDirectory } from './open-directory.js';
import { drain, openTestDirectory, record, stream, temporaryFile } from './test-support/temporary-directory.js';

const all = create(PublishRequestSchema, { request: { case: 'allRecords', value: true } });

describe('openDirectory', () => {
  test('keeps records, publications and referrers over a restart, in a folder that it makes', async () => {
    const file = join(temporaryFile('made'), 'deep', 'directory.db');
    const first = openTestDirectory(file);
    const { items } = await drain(
      first.store.push(stream(create(RecordSchema, { data: record('a', { skills: [{ name: 's', id: 1 }] }) }))),
    );
    const cid = items[0]?.cid ?? '';
    first.routing.publish(all);
    first.close();
    first.close();

    const second = openTestDirectory(file);
    const pulled = await drain(second.store.pull(stream(create(RecordRefSchema, { cid }))));
    expect(pulled.items).toEqual([{ data: record('a', { skills: [{ name: 's', id: 1 }] }) }]);
    expect([...second.routing.list(create(ListRequestSchema))]).toEqual([{ recordRef: { cid }, labels: ['/skills/s'] }]);
    expect(second.describe({ type: 'record', id: cid })?.name).toBe('a');
  });

  test('keeps what was acknowledged when the process ends without closing', async () => {
    const file = temporaryFile();
    const { items } = await drain(openTestDirectory(file).store.push(stream(create(RecordSchema, { data: record('a') }))));
    expect(openTestDirectory(file).describe({ type: 'record', id: items[0]?.cid })?.name).toBe('a');
  });

  test.each([
    ['a text', 'notes that somebody wants to keep\n'.repeat(100)],
    ['a short text', 'x'],
  ])('refuses %s and leaves it alone', (_, content) => {
    const file = temporaryFile('notes.txt');
    writeFileSync(file, content);
    expect(() => openDirectory({ file })).toThrow(expect.objectContaining({ name: 'DirectoryFileError', code: 'foreign', file }));
    expect(() => openDirectory({ file })).toThrow(file);
    expect(readFileSync(file, 'utf8')).toBe(content);
  });

  test("refuses another program's database and leaves it alone", () => {
    const file = temporaryFile('other.db');
    const db = new Database(file);
    db.exec('CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)');
    db.close();
    const before = readFileSync(file);
    expect(() => openDirectory({ file })).toThrow(expect.objectContaining({ code: 'foreign' }));
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('refuses a database of a newer version', () => {
    const file = temporaryFile();
    openTestDirectory(file).close();
    const db = new Database(file);
    db.pragma('user_version = 99');
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
    expect(() => openDirectory({ file })).toThrow(expect.objectContaining({ code: 'newer' }));
  });

  test('takes an empty file for a new one', () => {
    const file = temporaryFile();
    writeFileSync(file, '');
    expect(openTestDirectory(file).describe({ type: 'record', id: 'x' })).toBeUndefined();
  });

  test.each([
    ['a folder', ''],
    ['a path below a file', 'file/below.db'],
  ])('says that %s cannot be used', (_, below) => {
    const folder = join(temporaryFile('file'), '..');
    writeFileSync(join(folder, 'file'), 'x');
    expect(() => openDirectory({ file: join(folder, below) })).toThrow(expect.objectContaining({ code: 'unusable' }));
  });

  test('a damaged database of ours is reported with its name', () => {
    const file = temporaryFile();
    openTestDirectory(file).close();
    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.concat([bytes.subarray(0, 100), Buffer.alloc(bytes.length - 100, 0xa5)]));
    expect(() => openDirectory({ file })).toThrow(expect.objectContaining({ code: 'unusable', file }));
  });
});

describe('describe', () => {
  test('tells the properties that policies read, and only of stored records', async () => {
    const directory = openTestDirectory();
    const data = record('directory.example/acme/x', {
      authors: ['A'],
      skills: [{ name: 'nlp/summarization', id: 1 }],
      domains: [{ name: 'legal', id: 2 }],
      modules: [{ name: 'integration/mcp', id: 3 }],
      locators: [{ type: 'url', urls: ['https://x.example'] }],
    });
    const { items } = await drain(directory.store.push(stream(create(RecordSchema, { data }))));
    const id = items[0]?.cid;
    expect(directory.describe({ type: 'record', id })).toEqual({
      name: 'directory.example/acme/x',
      version: '1.0.0',
      schema_version: '1.0.0',
      authors: ['A'],
      skills: ['nlp/summarization'],
      domains: ['legal'],
      modules: ['integration/mcp'],
      locators: ['url'],
    });
    expect(directory.describe({ type: 'sync', id })).toBeUndefined();
    expect(directory.describe({ type: 'record' })).toBeUndefined();
    await directory.store.delete(stream(create(RecordRefSchema, { cid: id ?? '' })));
    expect(directory.describe({ type: 'record', id })).toBeUndefined();
  });
});
