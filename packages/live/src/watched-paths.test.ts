import { appendFileSync, mkdtempSync, renameSync, rmSync, symlinkSync, watch as watchFolder, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WatchedPath } from './watched-path.js';

let folder: string;
let path: string;
let looks: number;
let looked: () => void;
let watched: WatchedPath;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dirgate-watched-'));
  path = join(folder, 'grants.yaml');
  for (const name of ['grants.yaml', 'one.log', 'other.log']) writeFileSync(join(folder, name), 'x');
  looks = 0;
  looked = () => {};
});
afterEach(() => {
  watched.close();
  rmSync(folder, { recursive: true });
});

function watch(): void {
  watched = new WatchedPath(path, 60_000, () => {
    looks += 1;
    looked();
  });
}

async function lookAfter(change: () => void): Promise<void> {
  const told = new Promise<void>((resolve) => {
    looked = resolve;
  });
  change();
  await told;
}

it('looks when the file is written to or replaced, and when a link beside it is', async () => {
  watch();
  await lookAfter(() => appendFileSync(path, 'y'));
  writeFileSync(join(folder, 'new'), 'z');
  await lookAfter(() => renameSync(join(folder, 'new'), path));
  symlinkSync('one.log', join(folder, '..tmp'));
  await lookAfter(() => renameSync(join(folder, '..tmp'), join(folder, '..data')));
});

it('does not look when other files are written to', async () => {
  watch();
  // Changes are told in their order: once the last is, all are.
  const last = new Promise<void>((resolve) => {
    const sentinel = watchFolder(folder, (_, name) => {
      if (name !== 'grants.yaml') return;
      sentinel.close();
      resolve();
    });
  });
  for (let round = 0; round < 500; round += 1)
    for (const name of ['one.log', 'other.log']) appendFileSync(join(folder, name), 'y');
  appendFileSync(path, 'y');
  await last;
  expect(looks).toBeLessThan(10);
});
