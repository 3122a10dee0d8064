import { promisify } from 'node:util';
import { gunzip as gunzipCallback } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { PolicyError } from '../policy-error.js';
import { checkPath, maxUnpackedBytes, named, tooLarge, unsafe } from './bundle-limits.js';

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
  const entries = extract();
  entries.end(unpacked);
  try {
    for await (const entry of entries) {
      const path = checkEntry(entry.header, files, origin);
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry) chunks.push(chunk as Uint8Array);
      files.set(path, Buffer.concat(chunks));
    }
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    if (cause instanceof Error && /unexpected end of data/i.test(cause.message)) throw truncated(origin, cause);
    throw new PolicyError('bundle_bad_archive', `${origin}: not a tar archive inside; ${remedy}`, { cause });
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

function checkEntry(header: Header, files: ReadonlyMap<string, Uint8Array>, origin: string): string {
  if (header.type !== 'file') {
    throw unsafe(header.name, `is a ${header.type ?? 'special file'}; a bundle holds regular files only`, origin);
  }
  // A size that the library cannot read is null, and such an entry never ends.
  if (!Number.isSafeInteger(header.size)) {
    throw new PolicyError('bundle_bad_archive', `${named(header.name, origin)} has no size; ${remedy}`);
  }
  return checkPath(header.name, files, origin);
}

function truncated(origin: string, cause: unknown): PolicyError {
  return new PolicyError('bundle_truncated', `${origin}: truncated; ${remedy}`, { cause });
}
