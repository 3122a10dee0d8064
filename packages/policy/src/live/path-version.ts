import type { BigIntStats } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** More than a bundle may hold: such a tree is refused when it is read, and need not be walked to its end before. */
const maxEntries = 2_000;

/**
 * A text that is another one when anything at this path changed: a file, or a directory with all that is in it. Where nothing can
 * be read it says so. Never rejects.
 */
export async function pathVersion(path: string): Promise<string> {
  try {
    const target = await stat(path, { bigint: true });
    if (!target.isDirectory()) return textOf(target);
    const lines: string[] = [];
    // What a link names may be swapped while this goes on; then the versions differ.
    await addTree(await realpath(path), lines);
    return lines.join('\n');
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
}

async function addTree(folder: string, lines: string[]): Promise<void> {
  lines.push(`${folder} ${textOf(await lstat(folder, { bigint: true }))}`);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (lines.length >= maxEntries) return;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await addTree(path, lines);
    else lines.push(`${path} ${textOf(await lstat(path, { bigint: true }))}`);
  }
}

function textOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}
