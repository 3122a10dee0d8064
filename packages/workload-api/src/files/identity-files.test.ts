import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WorkloadApiError } from '../workload-api-error.js';
import { type FileContent, readFileSet, versionOf } from './identity-files.js';

const NAMES = ['a', 'b', 'c'];

let directory: string;
let paths: readonly string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dirgate-'));
  paths = NAMES.map((name) => join(directory, name));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** As Kubernetes does: a folder whose files all hold its number, and one link through which all paths lead. */
async function swapIn(folder: number): Promise<void> {
  await mkdir(join(directory, `..${folder}`));
  for (const name of NAMES) await writeFile(join(directory, `..${folder}`, name), String(folder), { mode: 0o600 });
  await symlink(`..${folder}`, join(directory, '..tmp'));
  await rename(join(directory, '..tmp'), join(directory, '..data'));
}

/** Reads a file after all before it; each time that the first one was read, `meanwhile` happens before the others are. */
function reader(meanwhile: () => Promise<void>): (path: string) => Promise<FileContent> {
  let before: Promise<unknown> = Promise.resolve();
  return (path) => {
    const reading = before.then(async () => {
      const bytes = await readFile(path);
      if (path === paths[0]) await meanwhile();
      return { bytes };
    });
    before = reading;
    return reading;
  };
}

describe('files that are swapped while they are read', () => {
  beforeEach(async () => {
    for (const name of NAMES) await symlink(join('..data', name), join(directory, name));
    await swapIn(0);
  });

  test.each([0, 1, 3])('%i times: are of one moment', async (swaps) => {
    let swapped = 0;
    const read = reader(async () => {
      if (swapped < swaps) await swapIn(++swapped);
    });
    const { contents, version } = await readFileSet(paths, '', read);
    expect(contents).toEqual(NAMES.map(() => ({ bytes: Buffer.from(String(swaps)) })));
    expect(version).toBe(await versionOf(paths));
  });

  test('all the time: are not read at all', async () => {
    let swapped = 0;
    const { contents, version } = await readFileSet(
      paths,
      '',
      reader(() => swapIn(++swapped)),
    );
    expect(contents).toMatchObject(NAMES.map(() => ({ error: { code: 'file_unreadable' } })));
    expect(version).toBe('');
    expect(swapped).toBe(5);
  });
});

test('what cannot be read is said of that file alone, and has a version too', async () => {
  const [missing = '', plain = '', secret = ''] = paths;
  for (const path of [plain, secret]) await writeFile(path, 'x', { mode: 0o644 });
  const { contents, version } = await readFileSet([missing, plain, secret], secret);
  expect(contents).toMatchObject([
    { error: { code: 'file_unreadable', message: `${missing} cannot be read: ENOENT` } },
    { bytes: Buffer.from('x') },
    { error: { code: 'key_file_exposed' } },
  ]);
  expect(await versionOf([missing, plain, secret])).toBe(version);
  await writeFile(missing, 'x');
  expect(await versionOf([missing, plain, secret])).not.toBe(version);
});

test('what fails without a change, and passes without one, is read again', async () => {
  for (const path of paths) await writeFile(path, 'x', { mode: 0o600 });
  const error = new WorkloadApiError('file_unreadable', 'EMFILE');
  const failing = async (path: string): Promise<FileContent> =>
    path === paths[2] ? { error, passes: true } : { bytes: await readFile(path) };
  const { version } = await readFileSet(paths, '', failing);
  expect(version).not.toBe('');
  expect(version).not.toBe(await versionOf(paths));
  expect((await readFileSet(paths, '')).version).toBe(await versionOf(paths));
});
