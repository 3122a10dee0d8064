import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@bufbuild/protobuf';
import { onTestFinished } from 'vitest';
import { type Directory, openDirectory } from '../open-directory.js';

/** A path in a folder of its own, removed after the test. */
export function temporaryFile(name = 'directory.db'): string {
  const folder = mkdtempSync(join(tmpdir(), 'dirgate-directory-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, name);
}

/** A Directory that is closed after the test; its clock stands at 2026-11-22T08:00:00Z. */
export function openTestDirectory(file = temporaryFile()): Directory {
  const directory = openDirectory({ file, clock: () => Date.UTC(2026, 10, 22, 8) });
  onTestFinished(() => directory.close());
  return directory;
}

/** Requests of a stream. */
export async function* stream<T>(...items: T[]): AsyncGenerator<T, void, undefined> {
  yield* items;
}

/** All items, and the error that ended the iteration, if one did. */
export async function drain<T>(items: Iterable<T> | AsyncIterable<T>): Promise<{ items: T[]; error: unknown }> {
  const seen: T[] = [];
  try {
    for await (const item of items) {
      seen.push(item);
    }
  } catch (error) {
    return { items: seen, error };
  }
  return { items: seen, error: undefined };
}

/** A small valid record document. */
export function record(name: string, more: JsonObject = {}): JsonObject {
  return { name, version: '1.0.0', schema_version: '1.0.0', ...more };
}
