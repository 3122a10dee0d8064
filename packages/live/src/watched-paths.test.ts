import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  watch as watchFolder,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { WatchedPaths, type WatchedPathsOptions } from './watched-paths.js';

let folder: string;
let path: string;
let looks: number;
let looked: () => void;
let watched: WatchedPaths;

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

function watch(options: Partial<WatchedPathsOptions> = {}): void {
  const look = (): void => {
    looks += 1;
    looked();
  };
  watched = new WatchedPaths({ paths: [path], pollMs: 60_000, look, ...options });
}

/** Resolves when a watcher of the folder is told of a file: those that were there before have been. */
function toldOf(file: string): Promise<void> {
  return new Promise<void>((resolve) => {
    const sentinel = watchFolder(folder, (_, name) => {
      if (name !== file) return;
      sentinel.close();
      resolve();
    });
  });
}

/** The next look after `change`, and not one that is still to come of what was before. */
async function lookAfter(change: () => void): Promise<void> {
  const drained = toldOf('other.log');
  appendFileSync(join(folder, 'other.log'), 'y');
  await drained;
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
  const last = toldOf('grants.yaml');
  for (let round = 0; round < 500; round += 1)
    for (const name of ['one.log', 'other.log']) appendFileSync(join(folder, name), 'y');
  appendFileSync(path, 'y');
  await last;
  expect(looks).toBeLessThan(10);
});

it('looks when the file behind a link is written to, in another directory too, and when a directory is closed to us', async () => {
  const other = mkdtempSync(join(tmpdir(), 'dirgate-watched-'));
  try {
    writeFileSync(join(other, 'target'), 'x');
    symlinkSync(join(other, 'target'), join(folder, 'link'));
    watch({ paths: [join(folder, 'link')] });
    await lookAfter(() => appendFileSync(join(other, 'target'), 'y'));
    await lookAfter(() => chmodSync(folder, 0o500));
  } finally {
    chmodSync(folder, 0o700);
    rmSync(other, { recursive: true });
  }
});

it('looks once at several files that change together, after the last of them', async () => {
  const paths = ['key.pem', 'svid.pem', 'bundle.pem'].map((name) => join(folder, name));
  for (const file of paths) writeFileSync(file, 'old');
  const seen: string[][] = [];
  let isSeen = (): void => {};
  const all = new Promise<void>((resolve) => {
    isSeen = resolve;
  });
  const look = (): void => {
    seen.push(paths.map((file) => readFileSync(file, 'utf8')));
    isSeen();
  };
  watch({ paths, settleMs: 50, look });
  for (const file of paths) writeFileSync(file, 'new');
  await all;
  expect(seen).toEqual([['new', 'new', 'new']]);
});

it('looks no more after it was closed, also where a change was to settle', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  try {
    watch({ settleMs: 50 });
    const told = toldOf('grants.yaml');
    appendFileSync(path, 'y');
    await told;
    watched.close();
    vi.advanceTimersByTime(120_000);
    expect(looks).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

it('looks every so often where nothing is told, also at a path that is not there', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    watch({ paths: [join(folder, 'missing', 'file')], pollMs: 10_000 });
    vi.advanceTimersByTime(30_000);
    expect(looks).toBe(3);
    watched.close();
    vi.advanceTimersByTime(30_000);
    expect(looks).toBe(3);
  } finally {
    vi.useRealTimers();
  }
});
