import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the repository, with no slash at the end. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/** Where the scripts keep what they can make again. Ignored by git, gone with `node_modules`. */
export const CACHE = join(ROOT, 'node_modules', '.dirgate');

/**
 * The workspace's members in a stable order.
 * `group` is `packages` (published) or `integration` (private); a folder without a package.json is not a member.
 */
export function members(root = ROOT) {
  return ['packages', 'integration'].flatMap((group) =>
    foldersOf(join(root, group))
      .filter((folder) => existsSync(join(root, group, folder, 'package.json')))
      .map((folder) => ({
        group,
        folder,
        path: join(root, group, folder),
        manifest: readJson(join(root, group, folder, 'package.json')),
      })),
  );
}

/** What npm gets: the members under `packages/`. */
export function publishedMembers() {
  return members().filter(({ group, manifest }) => group === 'packages' && manifest.private !== true);
}

/** Parses a JSON file; a broken one is named in the error. */
export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`${path}: ${cause.message}`, { cause });
  }
}

/** All files below `folder` in a stable order, as absolute paths; none when the folder does not exist. */
export function filesBelow(folder, accept = () => true) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : filesBelow(path, accept);
      return entry.isFile() && accept(path) ? [path] : [];
    });
}

const SKIPPED = new Set(['node_modules', 'dist', 'temp', 'coverage', '.git', '.data', '.bin']);

function foldersOf(path) {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}
