import { constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { thrownText } from '@dirgate/live';
import { thisProcess } from '../this-process.js';
import { WorkloadApiError } from '../workload-api-error.js';

const MAX_FILE_BYTES = 8 * 1024 * 1024;
/** Who writes all files of an identity anew does not take longer than a few reads of ours. */
const MAX_TRIES = 5;
const GROUP_AND_OTHERS = 0o077;

/** What a file held, or why it could not be read. */
export type FileContent =
  | { readonly bytes: Uint8Array }
  | {
      readonly error: WorkloadApiError;
      /** It may be gone by itself, without any change that the file's version would tell of: too many open files, a disk or server that fails. */
      readonly passes?: boolean;
    };

/** Several files as they were at one moment. */
export interface FileSet {
  readonly contents: readonly FileContent[];
  /** Tells this moment from another; that of no moment at all where a failure may pass by itself: it is read again at the next look. */
  readonly version: string;
}

/**
 * Reads files that belong together. What was replaced while it was being read is read again, so that no old file comes with a new
 * one: not through symbolic links that are swapped, as Kubernetes does, and not through files that are renamed.
 */
export async function readFileSet(
  paths: readonly string[],
  secret: string,
  read: (path: string, isSecret: boolean) => Promise<FileContent> = readOne,
): Promise<FileSet> {
  for (let tries = 1; ; tries++) {
    const version = await versionOf(paths);
    const contents = await Promise.all(paths.map((path) => read(path, path === secret)));
    if (version === (await versionOf(paths))) {
      const isPassing = contents.some((content) => 'error' in content && content.passes);
      return { contents, version: isPassing ? `${version} but not all was read` : version };
    }
    if (tries === MAX_TRIES) {
      const error = new WorkloadApiError('file_unreadable', `${paths.join(', ')}: they keep changing while they are read`);
      return { contents: paths.map(() => ({ error })), version: '' };
    }
  }
}

/** Where each path leads and what is there now, without reading it. */
export async function versionOf(paths: readonly string[]): Promise<string> {
  const versions = paths.map(async (path) => {
    try {
      const target = await realpath(path);
      const { ino, dev, size, mtimeNs, ctimeNs } = await stat(target, { bigint: true });
      return [target, dev, ino, size, mtimeNs, ctimeNs].map(String);
    } catch (error) {
      return [path, codeOf(error)];
    }
  });
  return JSON.stringify(await Promise.all(versions));
}

async function readOne(path: string, isSecret: boolean): Promise<FileContent> {
  try {
    // Without waiting: opening a pipe that nobody writes to would never end.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      const { mode, size } = found;
      if (!found.isFile()) return { error: new WorkloadApiError('file_unreadable', `${path} is no regular file`) };
      if (size > MAX_FILE_BYTES) {
        return { error: new WorkloadApiError('file_unreadable', `${path} has more than ${MAX_FILE_BYTES} bytes`) };
      }
      if (isSecret && (mode & GROUP_AND_OTHERS) !== 0) return { error: exposed(path, mode) };
      const bytes = Buffer.alloc(size);
      const { bytesRead } = await file.read(bytes, 0, size, 0);
      return { bytes: bytes.subarray(0, bytesRead) };
    } finally {
      await file.close();
    }
  } catch (cause) {
    const code = codeOf(cause);
    const remedy = code === 'EACCES' ? `: ${remedyOf(isSecret)}` : '';
    const error = new WorkloadApiError('file_unreadable', `${path} cannot be read: ${code}${remedy}`, { cause });
    return { error, passes: code !== 'ENOENT' };
  }
}

/** None but its owner may have a right on a key, so that owner must be us. */
function remedyOf(isSecret: boolean): string {
  return `${thisProcess()} must ${isSecret ? 'own it' : 'be allowed to read it'}, and be allowed to enter each folder on the way`;
}

function exposed(path: string, mode: number): WorkloadApiError {
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  return new WorkloadApiError(
    'key_file_exposed',
    `${path} is a private key that others may use (mode ${shown}): give it to its owner alone, chmod 600 ${path}`,
  );
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return thrownText(error);
}
