import { PolicyError } from '../policy-error.js';

/** The most bytes that the files of a bundle may have together. */
export const maxUnpackedBytes = 64 * 1024 * 1024;

/** The most entries that a bundle may have, the directories of an unpacked one included. */
export const maxEntries = 1_000;
const maxPathBytes = 512;

/**
 * The path of one more entry of a bundle, without a leading slash: plain, not there yet, and not one too many.
 *
 * @throws {PolicyError} `bundle_too_large`, `bundle_unsafe_entry`, `bundle_duplicate_entry`
 */
export function checkPath(name: string, taken: ReadonlyMap<string, unknown>, origin: string, limit = maxEntries): string {
  if (taken.size >= limit) throw tooLarge(origin, `${limit} entries`);
  // `opa build` writes absolute names.
  const path = name.startsWith('/') ? name.slice(1) : name;
  if (!isPlainPath(path)) {
    throw unsafe(name, 'is not a plain relative path; build the bundle with `opa build`', origin);
  }
  if (taken.has(path)) {
    throw new PolicyError('bundle_duplicate_entry', `${named(name, origin)} is there twice; build it anew with \`opa build\``);
  }
  return path;
}

/** The error for an entry that no bundle may have. */
export function unsafe(name: string, reason: string, origin: string): PolicyError {
  return new PolicyError('bundle_unsafe_entry', `${named(name, origin)} ${reason}`);
}

/** The error for a bundle that goes beyond a limit. */
export function tooLarge(origin: string, limit: string, cause?: unknown): PolicyError {
  return new PolicyError('bundle_too_large', `${origin}: larger than ${limit}; move data out of the bundle`, { cause });
}

/** How a message names an entry. */
function named(name: string, origin: string): string {
  return `${origin}: entry ${JSON.stringify(name.slice(0, maxPathBytes))}`;
}

function isPlainPath(path: string): boolean {
  // A path stands in messages too, which are one line.
  if (Buffer.byteLength(path) > maxPathBytes || /[\\\p{Cc}]/u.test(path)) return false;
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}
