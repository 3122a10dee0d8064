import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serverStream, unary } from '@dirgate/harness';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DemoWorld, type Listener } from './demo-world.js';
import { PARTNER_READER } from './rows-federated.js';
import { ACME, push, UMBRA, USER } from './rows-home.js';
import { readOtherPublishersRecord, readSampleRecords } from './sample-records.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const samples = readSampleRecords();
const umbra = readOtherPublishersRecord();
const namesOf = (records: readonly { readonly [name: string]: unknown }[]) => records.map(({ name }) => String(name)).sort();
const all = namesOf([...samples, umbra]);
const acme = all.filter((name) => name.startsWith('directory.example/acme/'));

// The demo's grants: the partner searches, and reads what lies under directory.example/acme.
describe.each<Listener>(['grpc-js', 'nice-grpc'])('the bundle that filters responses, on %s', (listener) => {
  let folder: string;
  let world: DemoWorld;
  let cids: ReadonlyMap<string, string>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dirgate-filtered-'));
    world = await DemoWorld.start({
      listen: '127.0.0.1:0',
      niceListen: '127.0.0.1:0',
      dataFolder: folder,
      bundle: `${ROOT}policies/dist/directory-filtered.tar.gz`,
      grants: `${ROOT}integration/grants.yaml`,
    });
    const pushed = [
      ...(await push(world, ACME, listener, samples)).answers,
      ...(await push(world, UMBRA, listener, [umbra])).answers,
    ];
    cids = new Map([...samples, umbra].map(({ name }, index) => [String(name), pushed[index]?.cid ?? '']));
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const foundBy = async (id: string) => {
    using client = await world.client({ id, listener });
    const records = await serverStream(client.search.searchRecords({}));
    const found = await serverStream(client.search.searchCIDs({}));
    return {
      statuses: [records.status, found.status],
      names: namesOf(records.answers.map(({ record }) => record?.data ?? {})),
      cids: found.answers.map(({ recordCid }) => recordCid).sort(),
    };
  };
  const cidsOf = (names: readonly string[]) => names.map((name) => cids.get(name)).sort();

  test('a limited reader finds what it may read, and nothing of the rest', async () => {
    expect(acme.length).toBeGreaterThan(0);
    expect(acme.length).toBeLessThan(all.length - 1);
    const before = world.directory.guard.metrics().filteredResponses;
    expect(await foundBy(PARTNER_READER)).toEqual({ statuses: ['OK', 'OK'], names: acme, cids: cidsOf(acme) });
    expect(world.directory.guard.metrics().filteredResponses - before).toBe(2 * (all.length - acme.length));
  });

  test('a reader without conditions finds everything', async () => {
    expect(await foundBy(USER)).toEqual({ statuses: ['OK', 'OK'], names: all, cids: cidsOf(all) });
  });

  test('a count is refused to the limited reader before any handler runs, and answered to the other', async () => {
    await world.directory.audit.flush();
    world.auditReader.readNew();
    const handled = world.handled.length;
    using limited = await world.client({ id: PARTNER_READER, listener });
    expect((await unary((callback) => limited.search.countRecords({}, callback))).status).toBe('PERMISSION_DENIED');
    expect(world.handled.length).toBe(handled);
    await world.directory.audit.flush();
    const refused = world.auditReader.readNew().filter(({ allow }) => !allow);
    expect(refused.map(({ reasons }) => reasons)).toEqual([['search_exceeds_reading']]);
    using unlimited = await world.client({ id: USER, listener });
    const { status, answers } = await unary((callback) => unlimited.search.countRecords({}, callback));
    expect([status, answers]).toMatchObject(['OK', [{ totalCount: all.length }]]);
  });
});
