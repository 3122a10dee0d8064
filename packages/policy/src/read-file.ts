import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Why a file was not read, for a message. */
export class FileProblem extends Error {}

/** How {@link readRegularFile} reads. */
export interface ReadFileOptions {
  readonly maxBytes: number;
  /** Whether the path itself may be a symbolic link. */
  readonly followsLink: boolean;
}

/**
 * The bytes of a regular file, or `undefined` when it has more than `maxBytes`. Never waits for a pipe or a device.
 *
 * @throws {FileProblem} with a reason that fits into a sentence
 */
export async function readRegularFile(path: string, { maxBytes, followsLink }: ReadFileOptions): Promise<Buffer | undefined> {
  let handle: FileHandle | undefined;
  try {
    const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
    handle = await open(path, O_RDONLY | O_NONBLOCK | (followsLink ? 0 : O_NOFOLLOW));
    const stats = await handle.stat();
    if (!stats.isFile()) throw new FileProblem('not a regular file');
    if (stats.size > maxBytes) return undefined;
    const bytes = await handle.readFile();
    return bytes.byteLength > maxBytes ? undefined : bytes;
  } catch (cause) {
    throw cause instanceof FileProblem ? cause : fileProblem(cause);
  } finally {
    await handle?.close();
  }
}

/** What went wrong with a file, by the name that the system gives it. */
export function fileProblem(cause: unknown): FileProblem {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  return new FileProblem(code, { cause });
}
