import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishedMembers } from './workspace.mjs';

/** What is wrong with a package's `src/index.ts`, one sentence each: it is the written list of what users get. */
export function indexProblems(source) {
  const problems = [];
  if (/^\s*export\s+(?:type\s+)?\*/m.test(source)) problems.push('has an `export *`: name what is exported');
  if (/^\s*export\s+default\b|\bas\s+default\b/m.test(source)) problems.push('has a default export');
  if (/^\s*export\s*\{[^}]*\btype\s/m.test(source))
    problems.push('mixes types and values in one export: write `export type { … }` apart');
  return problems;
}

/** {@link indexProblems} of every published package; a package without an index is a problem too. */
export function allIndexProblems() {
  return publishedMembers().flatMap(({ folder, path }) => {
    const index = join(path, 'src', 'index.ts');
    if (!existsSync(index)) return [`packages/${folder}/src/index.ts is missing`];
    return indexProblems(readFileSync(index, 'utf8')).map((problem) => `packages/${folder}/src/index.ts ${problem}`);
  });
}
