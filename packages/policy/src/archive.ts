import { gunzipSync } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { PolicyError } from './policy-error.js';

const maxCompressedBytes = 16 * 1024 * 1024;
const maxUnpackedBytes = 64 * 1024 * 1024;
const maxEntries = 1_000;
const maxPathBytes = 512;

const remedy = 'build it anew with `opa build`, or copy it again';

/**
 * The files of a `.tar.gz`, by path without a leading slash. In memory: nothing touches the disk.
 * Holds regular files only, each path once, no path that leads elsewhere; sizes and counts are bounded.
 *
 * @throws {PolicyError} `bundle_too_large`, `bundle_not_gzip`, `bundle_truncated`, `bundle_bad_archive`,
 * `bundle_unsafe_entry`, `bundle_duplicate_entry`
 */
export async function readArchive(bytes: Uint8Array, origin: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const unpacked = gunzip(bytes, origin);
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

function gunzip(bytes: Uint8Array, origin: string): Buffer {
  if (bytes.byteLength > maxCompressedBytes) throw tooLarge(origin, `${maxCompressedBytes} bytes`);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    throw new PolicyError('bundle_not_gzip', `${origin}: not a gzip file; an OPA bundle is a .tar.gz as \`opa build\` writes it`);
  }
  try {
    return gunzipSync(bytes, { maxOutputLength: maxUnpackedBytes });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(origin, `${maxUnpackedBytes} bytes unpacked`, cause);
    if (code === 'Z_BUF_ERROR') throw truncated(origin, cause);
    throw new PolicyError('bundle_bad_archive', `${origin}: the gzip data is damaged; ${remedy}`, { cause });
  }
}

function checkEntry(header: Header, files: ReadonlyMap<string, Uint8Array>, origin: string): string {
  const named = `${origin}: entry ${JSON.stringify(header.name.slice(0, maxPathBytes))}`;
  if (header.type !== 'file') {
    throw new PolicyError(
      'bundle_unsafe_entry',
      `${named} is a ${header.type ?? 'special file'}; a bundle holds regular files only`,
    );
  }
  // A size that the library cannot read is null, and such an entry never ends.
  if (!Number.isSafeInteger(header.size)) throw new PolicyError('bundle_bad_archive', `${named} has no size; ${remedy}`);
  if (files.size >= maxEntries) throw tooLarge(origin, `${maxEntries} entries`);
  // `opa build` writes absolute names.
  const path = header.name.startsWith('/') ? header.name.slice(1) : header.name;
  if (!isPlainPath(path)) {
    throw new PolicyError('bundle_unsafe_entry', `${named} is not a plain relative path; build the bundle with \`opa build\``);
  }
  if (files.has(path)) throw new PolicyError('bundle_duplicate_entry', `${named} is there twice; ${remedy}`);
  return path;
}

function isPlainPath(path: string): boolean {
  if (Buffer.byteLength(path) > maxPathBytes || path.includes('\\') || path.includes('\0')) return false;
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

function tooLarge(origin: string, limit: string, cause?: unknown): PolicyError {
  return new PolicyError('bundle_too_large', `${origin}: larger than ${limit}; move data out of the bundle`, { cause });
}

function truncated(origin: string, cause: unknown): PolicyError {
  return new PolicyError('bundle_truncated', `${origin}: truncated; ${remedy}`, { cause });
}
