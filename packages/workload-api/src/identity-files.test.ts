import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readFileSet, versionOf } from './identity-files.js';

let directory: string;
let paths: readonly string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dirgate-'));
  paths = ['a', 'b', 'c'].map((name) => join(directory, name));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** A folder with three files of the same word, swapped in as Kubernetes does. */
async function swapIn(word: string): Promise<void> {
  await mkdir(join(directory, `..${word}`));
  for (const name of ['a', 'b', 'c']) await writeFile(join(directory, `..${word}`, name), word, { mode: 0o600 });
  await symlink(`..${word}`, join(directory, '..tmp'));
  await rename(join(directory, '..tmp'), join(directory, '..data'));
}

test('files that are swapped all the time are never of two moments', async () => {
  for (const name of ['a', 'b', 'c']) await symlink(join('..data', name), join(directory, name));
  await swapIn('0');
  let isDone = false;
  const swapping = (async () => {
    for (let i = 1; !isDone; i++) await swapIn(String(i));
  })();
  const seen = new Set<string>();
  for (let i = 0; i < 200; i++) {
    const { contents, version } = await readFileSet(paths, '');
    const words = contents.map((content) => ('bytes' in content ? Buffer.from(content.bytes).toString() : ''));
    expect(new Set(words).size, words.join()).toBe(1);
    if (version !== '') seen.add(words.join());
  }
  isDone = true;
  await swapping;
  expect(seen.size).toBeGreaterThan(1);
  const quiet = await readFileSet(paths, '');
  expect(quiet.version).toBe(await versionOf(paths));
});

test('what cannot be read is said of that file alone, and has a version too', async () => {
  for (const path of paths.slice(1)) await writeFile(path, 'x', { mode: 0o644 });
  const { contents, version } = await readFileSet(paths, paths[2] ?? '');
  expect(contents).toMatchObject([
    { error: { code: 'file_unreadable', message: `${paths[0]} cannot be read: ENOENT` } },
    { bytes: Buffer.from('x') },
    { error: { code: 'key_file_exposed' } },
  ]);
  await writeFile(paths[0] ?? '', 'x');
  expect(await versionOf(paths)).not.toBe(version);
});
