import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { readSettled } from './settled-read.js';

const folder = mkdtempSync(join(tmpdir(), 'dirgate-settled-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'grants.yaml');
beforeEach(() => writeFileSync(path, 'half'));

let reads = 0;
const read = async (): Promise<string> => {
  reads += 1;
  return readFileSync(path, 'utf8');
};
beforeEach(() => {
  reads = 0;
});

/** Writes what comes next, each time that it is called. */
function writing(...contents: readonly string[]): () => Promise<void> {
  const left = [...contents];
  return async () => {
    const next = left.shift();
    if (next !== undefined) writeFileSync(path, next);
  };
}

describe('readSettled', () => {
  it('reads once what lies still', async () => {
    expect((await readSettled({ path, pause: writing(), read }))?.value).toBe('half');
    expect(reads).toBe(1);
  });

  it('does not read what changed while it waited', async () => {
    const settled = await readSettled({ path, pause: writing('more of it', 'the whole of it'), read });
    expect(settled?.value).toBe('the whole of it');
    expect(reads).toBe(1);
  });

  it('reads again what changed while it was read', async () => {
    const write = writing('whole');
    const settled = await readSettled({
      path,
      pause: writing(),
      read: async () => {
        const value = await read();
        await write();
        return value;
      },
    });
    expect(settled?.value).toBe('whole');
    expect(reads).toBe(2);
  });

  it('rejects for what lies still and cannot be read, and for nothing else', async () => {
    const broken = new Error('broken');
    const write = writing('whole');
    const failing = async (): Promise<string> => {
      const value = await read();
      await write();
      if (value === 'half') throw broken;
      return value;
    };
    expect((await readSettled({ path, pause: writing(), read: failing }))?.value).toBe('whole');
    writeFileSync(path, 'half');
    await expect(readSettled({ path, pause: writing(), read: failing })).rejects.toBe(broken);
  });

  it('gives up on what never lies still', async () => {
    let version = 0;
    const pause = async (): Promise<void> => {
      version += 1;
      writeFileSync(path, `version ${'x'.repeat(version)}`);
    };
    expect(await readSettled({ path, pause, read })).toBe(undefined);
    expect(reads).toBe(0);
  });

  it('rejects as the pause does', async () => {
    const aborted = new Error('aborted');
    await expect(readSettled({ path, pause: () => Promise.reject(aborted), read })).rejects.toBe(aborted);
  });
});
