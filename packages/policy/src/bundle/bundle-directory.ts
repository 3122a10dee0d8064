import type { Dirent } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { PolicyError } from '../policy-error.js';
import { FileProblem, fileProblem, readRegularFile } from '../read-file.js';
import { checkPath, maxEntries, maxUnpackedBytes, tooLarge, unsafe } from './bundle-limits.js';

/**
 * The files of an unpacked bundle, by path below the directory. The directory may be named by a symbolic link; inside there
 * are directories and regular files only, and sizes and counts are bounded as in an archive.
 *
 * @throws {PolicyError} `bundle_unreadable`, `bundle_too_large`, `bundle_unsafe_entry`
 */
export async function readBundleDirectory(path: string, limit = maxEntries): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  // Directories count as entries too, or a tree of empty ones would have no end.
  const seen = new Map<string, true>();
  let bytesLeft = maxUnpackedBytes;
  // Once: what the link is changed to meanwhile is the next version.
  const root = await realpath(path).catch((cause: unknown) => Promise.reject(unreadable(path, fileProblem(cause))));

  const readInto = async (folder: string): Promise<void> => {
    for (const entry of await list(join(root, folder), path)) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      seen.set(checkPath(name, seen, path, limit), true);
      if (entry.isDirectory()) {
        await readInto(name);
      } else if (entry.isFile()) {
        const bytes = await read(join(root, name), name, bytesLeft);
        bytesLeft -= bytes.byteLength;
        files.set(name, bytes);
      } else {
        throw unsafe(name, `is ${kindOf(entry)}; a bundle holds regular files only`, path);
      }
    }
  };
  const read = async (file: string, name: string, maxBytes: number): Promise<Uint8Array> => {
    try {
      const bytes = await readRegularFile(file, { maxBytes, followsLink: false });
      if (bytes !== undefined) return bytes;
    } catch (cause) {
      throw cause instanceof FileProblem ? unreadable(`${path}: /${name}`, cause) : cause;
    }
    throw tooLarge(path, `${maxUnpackedBytes} bytes`);
  };
  await readInto('');
  return files;
}

async function list(folder: string, origin: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw unreadable(origin, fileProblem(cause));
  }
}

function kindOf(entry: Dirent): string {
  return entry.isSymbolicLink() ? 'a symbolic link (of a Kubernetes volume, name its `..data`)' : 'a special file';
}

function unreadable(path: string, cause: FileProblem): PolicyError {
  return new PolicyError('bundle_unreadable', `${path}: cannot be read (${cause.message}); check the path and its permissions`, {
    cause,
  });
}
