// A grants file as policy:check reports it: what the loader refuses, then what it takes though it cannot be meant.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { directoryCatalogue } from '../packages/directory/dist/index.js';
// Not exported: what users load grants with names the first mistake.
import { parseGrants } from '../packages/policy/dist/grants-text.js';
import { loadPolicy, PolicyError } from '../packages/policy/dist/index.js';
import { grantProblems } from './policy-grants.mjs';
import { ROOT } from './workspace.mjs';

const bundle = `${ROOT}/policies/dist/directory.tar.gz`;

/** `[name, problems, remedy]`. */
export async function grantsReport(opa, file) {
  const path = resolve(file);
  const shown = relative(ROOT, path).startsWith('..') ? path : relative(ROOT, path);
  const name = `grants of ${shown}`;
  const remedy = 'policies/README.md says how to write grants';
  const placed = (problems) => problems.map(({ line, column, message }) => `${shown}:${line}:${column}: ${message}`).join('\n');
  try {
    await loadPolicy({ bundle, data: path, watch: false });
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    if (error.code !== 'grants_invalid' && error.code !== 'grants_bad_yaml') return [name, error.message, remedy];
    const { problems = [] } = parseGrants(readFileSync(path, 'utf8'));
    return [name, problems.length === 0 ? error.message : placed(problems), remedy];
  }
  const problems = grantProblems(readFileSync(path, 'utf8'), {
    catalogue: directoryCatalogue,
    classesOfRole: classesOfRole(opa),
  });
  return [name, placed(problems), remedy];
}

/** As the rules have it. */
function classesOfRole(opa) {
  const args = ['eval', '--format', 'raw', '-d', 'policies/directory/authz/roles.rego', 'data.directory.authz.classes_of_role'];
  return JSON.parse(execFileSync(opa, args, { cwd: ROOT, encoding: 'utf8' }));
}
