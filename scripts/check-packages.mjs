import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { filesBelow, members, ROOT, readJson } from './workspace.mjs';

/** DESIGN §3: a package imports only from a strictly lower rank. A package that is not listed has no place yet. */
export const RANKS = new Map([
  ['spiffe', 0],
  ['live', 0],
  ['service-definition', 0],
  ['policy', 1],
  ['workload-api', 1],
  ['tls', 1],
  ['testing', 2],
  ['federation', 2],
  ['guard', 2],
  ['directory', 3],
  ['grpc-js', 3],
  ['connect', 3],
  ['nice-grpc', 4],
  ['migration', 4],
  ['dirgate', 5],
]);

// Statements begin a line, as biome formats them; a doc comment's example begins with a star.
const IMPORT = /^[ \t]*(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"]+)['"]|^[ \t]*import\s*['"]([^'"]+)['"]/gm;
const DYNAMIC_IMPORT = /\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*[,)]/g;

/** The module names that a source text imports, each once. */
export function importsOf(source) {
  const found = [...source.matchAll(IMPORT), ...source.matchAll(DYNAMIC_IMPORT)];
  return [...new Set(found.map((match) => match[1] ?? match[2]))];
}

/** Reads from disk what {@link packageProblems} judges. */
export function readPackages(root = ROOT) {
  return members(root).map(({ group, folder, path, manifest }) => ({
    group,
    folder,
    manifest,
    references: referencesOf(path, root),
    files: filesBelow(join(path, 'src'), (file) => file.endsWith('.ts')).map((file) => ({
      path: relative(root, file),
      forTests: /\.test\.ts$|[\\/]test-support[\\/]/.test(file),
      imports: importsOf(readFileSync(file, 'utf8')),
    })),
  }));
}

/**
 * Every breach of the package rules, one sentence each: ranks, dependencies that are not declared (and would be missing from the
 * published package), project references that `tsc -b` needs to build in order, and cycles: of packages, those through dev
 * dependencies included, and of files, those of types included.
 */
export function packageProblems(packages, rootDevDependencies = []) {
  const byName = new Map(packages.map((member) => [member.manifest.name, member]));
  return [
    ...packages.flatMap((member) => ownProblems(member, byName, new Set(rootDevDependencies))),
    ...cycles([...byName.keys()], (name) => dependenciesOf(byName.get(name)).filter((next) => byName.has(next))).map(
      (names) => `workspace cycle: ${names.join(' -> ')}`,
    ),
    ...packages.flatMap(({ files }) => fileCycles(files).map((paths) => `import cycle: ${paths.join(' -> ')}`)),
  ];
}

function ownProblems(member, byName, rootTools) {
  const { group, folder, manifest, references, files } = member;
  const problems = [];
  if (group === 'packages' && !RANKS.has(folder))
    problems.push(`packages/${folder} has no rank: add it to scripts/check-packages.mjs`);

  const runtime = new Set([...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.peerDependencies ?? {})]);
  const development = new Set([...runtime, ...Object.keys(manifest.devDependencies ?? {}), ...rootTools]);
  for (const name of runtime) problems.push(...rankProblem(member, byName.get(name), `${group}/${folder}/package.json`));

  for (const file of files) {
    for (const specifier of file.imports) {
      if (specifier.startsWith('.') || isBuiltin(specifier)) continue;
      const name = packageOf(specifier);
      if (name === manifest.name) problems.push(`${file.path} imports its own package by name: use a relative path`);
      else if (!(file.forTests ? development : runtime).has(name))
        problems.push(`${file.path} imports ${name}, which ${group}/${folder}/package.json does not declare`);
      if (!file.forTests) problems.push(...rankProblem(member, byName.get(name), file.path));
    }
  }
  for (const name of runtime) {
    const target = byName.get(name);
    if (target && !references.includes(`${target.group}/${target.folder}`)) {
      problems.push(
        `${group}/${folder}/tsconfig.json lacks the reference to ${target.group}/${target.folder}, so a clean build may fail`,
      );
    }
  }
  return [...new Set(problems)];
}

function rankProblem(member, target, where) {
  if (!target || target === member) return [];
  if (target.group === 'integration') {
    return member.group === 'integration'
      ? []
      : [`${where}: a package may not import ${target.manifest.name}, nothing imports integration`];
  }
  if (member.group === 'integration') return [];
  const own = RANKS.get(member.folder);
  const other = RANKS.get(target.folder);
  if (own === undefined || other === undefined || other < own) return [];
  return [`${where}: ${member.folder} (rank ${own}) may not import ${target.folder} (rank ${other})`];
}

function dependenciesOf({ manifest: { dependencies, devDependencies, peerDependencies } }) {
  return Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
}

function fileCycles(files) {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const importedBy = (path) =>
    byPath
      .get(path)
      .imports.filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => join(dirname(path), specifier).replace(/\.js$/, '.ts'));
  return cycles([...byPath.keys()], (path) => importedBy(path).filter((next) => byPath.has(next)));
}

/** A way from a node back to itself for each circle that a walk meets; none where there is no circle. */
function cycles(nodes, next) {
  const found = [];
  const done = new Set();
  const visit = (node, trail) => {
    const at = trail.indexOf(node);
    if (at >= 0) found.push([...trail.slice(at), node]);
    if (at >= 0 || done.has(node)) return;
    for (const other of next(node)) visit(other, [...trail, node]);
    done.add(node);
  };
  for (const node of nodes) visit(node, []);
  return found;
}

function isBuiltin(specifier) {
  return specifier.startsWith('node:') || builtinModules.includes(specifier);
}

function packageOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function referencesOf(path, root) {
  const file = join(path, 'tsconfig.json');
  if (!existsSync(file)) return [];
  return (readJson(file).references ?? []).map((reference) => relative(root, join(path, reference.path)).replaceAll('\\', '/'));
}
