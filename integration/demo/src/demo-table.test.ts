import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoTable } from './demo-table.js';
import { DemoWorld, type Listener } from './demo-world.js';
import { type Row, runRow } from './table.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

describe.each<Listener>(['grpc-js', 'nice-grpc'])('the table of calls against %s', (listener) => {
  let folder: string;
  let world: DemoWorld;
  let rows: readonly Row[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dirgate-demo-'));
    world = await DemoWorld.start({
      listen: '127.0.0.1:0',
      niceListen: '127.0.0.1:0',
      dataFolder: folder,
      bundle: `${ROOT}policies/dist/directory.tar.gz`,
      grants: `${ROOT}integration/grants.yaml`,
    });
    rows = demoTable(world, listener);
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  // One test: each row rests on what the rows before it stored.
  test('every row is as expected: status, reason code in the audit trail, who the handler saw', async () => {
    const results = [];
    for (const row of rows) results.push(await runRow(world, row));
    expect(
      results.filter(({ ok }) => !ok).map(({ row, problem }) => `${row.who}, ${row.credential}, ${row.call}: ${problem}`),
    ).toEqual([]);
    expect(results.length).toBeGreaterThanOrEqual(28);
  });
});
