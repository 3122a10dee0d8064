import { promisify } from 'node:util';
import { gunzip as gunzipCallback } from 'node:zlib';
import { PolicyError } from '../policy-error.js';
import { checkPath, maxUnpackedBytes, tooLarge, unsafe } from './bundle-limits.js';
import { readTar, TarProblem } from './tar.js';

/** The most bytes that a `.tar.gz` may have. */
export const maxCompressedBytes = 16 * 1024 * 1024;

// Off the event loop: whoever serves a bundle must not stop calls with it.
const gunzip = promisify(gunzipCallback);

const remedy = 'build it anew with `opa build`, or copy it again';

/**
 * The files of a `.tar.gz`, by path without a leading slash. In memory: nothing touches the disk.
 * Holds regular files only, each path once, no path that leads elsewhere; sizes and counts are bounded.
 *
 * @throws {PolicyError} `bundle_too_large`, `bundle_not_gzip`, `bundle_truncated`, `bundle_bad_archive`,
 * `bundle_unsafe_entry`, `bundle_duplicate_entry`
 */
export async function readArchive(bytes: Uint8Array, origin: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const unpacked = await unzip(bytes, origin);
  const files = new Map<string, Uint8Array>();
  try {
    for (const { name, kind, bytes: contents } of readTar(unpacked)) {
      if (kind !== undefined) throw unsafe(name, `is a ${kind}; a bundle holds regular files only`, origin);
      // A copy, so that none of them keeps all.
      files.set(checkPath(name, files, origin), new Uint8Array(contents));
    }
  } catch (cause) {
    if (!(cause instanceof TarProblem)) throw cause;
    if (cause.isTruncated) throw truncated(origin, cause);
    throw new PolicyError('bundle_bad_archive', `${origin}: the tar archive inside ${cause.message}; ${remedy}`, { cause });
  }
  return files;
}

async function unzip(bytes: Uint8Array, origin: string): Promise<Buffer> {
  if (bytes.byteLength > maxCompressedBytes) throw tooLarge(origin, `${maxCompressedBytes} bytes`);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    throw new PolicyError('bundle_not_gzip', `${origin}: not a gzip file; an OPA bundle is a .tar.gz as \`opa build\` writes it`);
  }
  try {
    return await gunzip(bytes, { maxOutputLength: maxUnpackedBytes });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(origin, `${maxUnpackedBytes} bytes unpacked`, cause);
    if (code === 'Z_BUF_ERROR') throw truncated(origin, cause);
    throw new PolicyError('bundle_bad_archive', `${origin}: the gzip data is damaged; ${remedy}`, { cause });
  }
}

function truncated(origin: string, cause: unknown): PolicyError {
  return new PolicyError('bundle_truncated', `${origin}: truncated; ${remedy}`, { cause });
}
