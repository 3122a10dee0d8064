import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FilePart } from './file-part.js';

const folder = mkdtempSync(join(tmpdir(), 'dirgate-part-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'grants.yaml');
beforeEach(() => writeFileSync(path, 'one'));

const never = new AbortController().signal;
const partOf = (settleMs: number) => new FilePart(path, async (from) => readFileSync(from, 'utf8'), { pollMs: 60_000, settleMs });

describe('a part in a file', () => {
  it('is new until it was taken, and again once it changed', async () => {
    const part = partOf(1);
    const first = await part.check(never);
    expect(first?.value).toBe('one');
    expect((await part.check(never))?.value).toBe('one');
    first?.take();
    expect(await part.check(never)).toBe(undefined);
    writeFileSync(path, 'another');
    expect((await part.check(never))?.value).toBe('another');
  });

  it('is waited for, except at first', async () => {
    // For ever, as far as this test goes: only the signal ends it.
    const part = partOf(2 ** 31 - 1);
    (await part.check(never))?.take();
    writeFileSync(path, 'another');
    const checking = part.check(AbortSignal.timeout(20));
    await expect(checking).rejects.toThrow();
  });

  it('is not waited for where it is replaced at once', async () => {
    const part = partOf(0);
    (await part.check(never))?.take();
    writeFileSync(path, 'another');
    expect((await part.check(AbortSignal.abort()))?.value).toBe('another');
  });
});
