// Whether everything in the Rego sources that others use says what it is: every package, every entrypoint, and every rule that another
// package names.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { ROOT } from './workspace.mjs';

/** `[name, problems, remedy]`. */
export function metadataReport(opa, folders) {
  const run = (...args) => JSON.parse(execFileSync(opa, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }));
  const files = folders
    .flatMap((folder) => readdirSync(`${ROOT}/${folder}`, { recursive: true }).map((path) => `${folder}/${path}`))
    .filter((path) => /(?<!_test)\.rego$/.test(path))
    .sort();
  const modules = files.map((file) => ({ file, ast: run('parse', '--format', 'json', file) }));
  const annotated = folders.flatMap((folder) => run('inspect', '--annotations', '--format', 'json', folder).annotations ?? []);
  return [
    'METADATA of all that is exported',
    metadataProblems(modules, annotated).join('\n'),
    'write a # METADATA block with a title or a description above it',
  ];
}

/** `modules` as `opa parse` has them, each with its `file`; `annotations` as `opa inspect` has them. */
export function metadataProblems(modules, annotations) {
  const described = new Set(annotations.map(({ path }) => pathOf(path)));
  const exported = new Set(annotations.filter(({ annotations: { entrypoint } }) => entrypoint).map(({ path }) => pathOf(path)));
  for (const { ast } of modules) for (const path of namedElsewhere(ast)) exported.add(path);
  return modules.flatMap(({ file, ast }) => {
    const own = pathOf(ast.package.path);
    const rules = [...new Set(ast.rules.map(({ head }) => `${own}.${head.ref[0].value}`))];
    const missing = rules.filter((rule) => !described.has(rule) && [...exported].some((path) => isBelow(path, rule)));
    return [...(described.has(own) ? [] : [own]), ...missing].map((path) => `${file}: ${path} has no METADATA`);
  });
}

/** What a module names of other packages, as paths below `data`. */
function* namedElsewhere({ package: { path }, imports = [], rules }) {
  const aliases = new Map([['data', 'data']]);
  for (const { path: imported, alias } of imports) aliases.set(alias ?? imported.value.at(-1).value, pathOf(imported.value));
  const own = pathOf(path);
  for (const ref of refsIn(rules)) {
    const [head, ...rest] = ref;
    const start = head.type === 'var' ? aliases.get(head.value) : undefined;
    const named = start && pathOf([{ value: start }, ...rest]);
    if (named !== undefined && !isBelow(named, own)) yield named;
  }
}

function* refsIn(node) {
  if (typeof node !== 'object' || node === null) return;
  if (node.type === 'ref') yield node.value;
  for (const inner of Object.values(node)) yield* refsIn(inner);
}

/** Cut where it stops being constant. */
function pathOf(terms) {
  const [head, ...rest] = terms;
  const end = rest.findIndex(({ type }) => type !== 'string');
  return [head, ...(end < 0 ? rest : rest.slice(0, end))].map(({ value }) => value).join('.');
}

function isBelow(path, start) {
  return path === start || path.startsWith(`${start}.`);
}
