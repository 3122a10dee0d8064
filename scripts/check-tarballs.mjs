import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { runProcess } from './run-process.mjs';
import { publishedMembers } from './workspace.mjs';

/** Packs every published package as npm would, into a temporary folder that {@link withTarballs} removes afterwards. */
async function pack(members, folder) {
  const { code, output } = await runProcess('npm', [
    'pack',
    '--json',
    '--ignore-scripts',
    '--offline',
    `--pack-destination=${folder}`,
    ...members.map(({ path }) => path),
  ]);
  if (code !== 0) throw new Error(output);
  const list = JSON.parse(output.slice(output.indexOf('[\n')));
  return list.map(({ name, filename }) => ({ name, file: join(folder, filename) }));
}

/** Calls `use` with the packed packages, `{ name, file }` each. */
export async function withTarballs(use) {
  const folder = mkdtempSync(join(tmpdir(), 'dirgate-pack-'));
  try {
    return await use(await pack(publishedMembers(), folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `publint --strict`: whatever would puzzle who installs the package. */
export async function publintProblems({ name, file }) {
  const { buffer } = new Uint8Array(readFileSync(file));
  const { messages, pkg } = await publint({ strict: true, pack: { tarball: buffer } });
  return messages
    .filter(({ type }) => type !== 'suggestion')
    .map((message) => `${name}: ${formatMessage(message, pkg, { color: false })}`);
}

/**
 * Are the types the ones that an importing module gets? attw's profile `esm-only`: ES modules are all that we publish (N-57), so
 * the resolutions of CommonJS are not asked.
 */
export async function typesProblems({ name, file }) {
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(file))));
  if (!analysis.types) return [`${name}: holds no types`];
  return analysis.problems
    .filter(({ resolutionKind }) => !CJS_RESOLUTIONS.has(resolutionKind))
    .map((problem) => `${name}: ${JSON.stringify(problem)}`);
}

const CJS_RESOLUTIONS = new Set(['node10', 'node16-cjs']);
