import { stat } from 'node:fs/promises';
import { PolicyError } from '../policy-error.js';
import { FileProblem, fileProblem, readRegularFile } from '../read-file.js';
import { maxCompressedBytes, readArchive } from './archive.js';
import { readBundleDirectory } from './bundle-directory.js';
import { tooLarge } from './bundle-limits.js';

/**
 * The files of the bundle at a path: a `.tar.gz`, or a directory that holds one unpacked.
 *
 * @throws {PolicyError} `bundle_unreadable`, and as `readArchive` and `readBundleDirectory` do
 */
export async function readBundlePath(path: string): Promise<ReadonlyMap<string, Uint8Array>> {
  try {
    if ((await stat(path)).isDirectory()) return await readBundleDirectory(path);
    const bytes = await readRegularFile(path, { maxBytes: maxCompressedBytes, followsLink: true });
    if (bytes === undefined) throw tooLarge(path, `${maxCompressedBytes} bytes`);
    return await readArchive(bytes, path);
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    const { message } = cause instanceof FileProblem ? cause : fileProblem(cause);
    throw new PolicyError('bundle_unreadable', `${path}: cannot be read (${message}); check the path and its permissions`, {
      cause,
    });
  }
}
