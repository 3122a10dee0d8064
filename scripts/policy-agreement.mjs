// Whether OPA, from the sources, and WASM, from the committed bundles, decide alike.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { directoryCatalogue } from '../packages/directory/dist/index.js';
import { loadPolicy } from '../packages/policy/dist/index.js';
import { randomQuestions } from './policy-random.mjs';
import { ROOT } from './workspace.mjs';

const randomInputs = 5000;
const query = '[decision | some asked in data.agreement.inputs; decision := data.directory.authz.decision with input as asked]';
const bundles = { false: 'policies/dist/directory.tar.gz', true: 'policies/dist/directory-filtered.tar.gz' };

/** One report for the decision table and one for random inputs, each `[name, problems]`. */
export async function agreementReports(opa, seed) {
  const { decision_table: table } = JSON.parse(readFileSync(`${ROOT}/policies/tests/decision-table.json`, 'utf8'));
  const expected = reasonsOf([...table.cases, ...table.filtered_cases]);
  const tables = [
    await compare(opa, { grants: table.grants, inputs: table.cases.map((row) => inputOf(table, row)), filtered: false }),
    await compare(opa, { grants: table.grants, inputs: table.filtered_cases.map((row) => inputOf(table, row)), filtered: true }),
  ];
  const random = randomQuestions(seed, randomInputs, directoryCatalogue);
  const randoms = [await compare(opa, { ...random, filtered: false }), await compare(opa, { ...random, filtered: true })];
  return [
    [`opa eval and WASM agree on the decision table (${asked(tables)} decisions)`, problemsOf(tables)],
    [
      `opa eval and WASM agree on ${randomInputs} random inputs, unfiltered and filtered (seed ${seed}, ${allowed(randoms)} of ${asked(randoms)} allowed)`,
      problemsOf(randoms) || reachProblems(randoms, expected),
    ],
  ];
}

/** Asks both; gives all decisions of OPA, and where they differ. */
async function compare(opa, { grants, inputs, filtered }) {
  const folder = mkdtempSync(join(tmpdir(), 'dirgate-agreement-'));
  try {
    const data = join(folder, 'data.json');
    const grantsFile = join(folder, 'grants.json');
    writeFileSync(grantsFile, JSON.stringify(grants));
    writeFileSync(data, JSON.stringify({ agreement: { inputs }, directory: { grants, filters_responses: filtered } }));
    const decisions = evaluate(opa, data);
    if (decisions.length !== inputs.length) throw new Error(`OPA made ${decisions.length} decisions of ${inputs.length} inputs`);
    const policy = (await loadPolicy({ bundle: `${ROOT}/${bundles[filtered]}`, data: grantsFile, watch: false })).current();
    const differences = inputs.flatMap((input, index) => {
      const { allow, reasons } = policy.decide(input);
      const one = { allow, reasons: [...reasons] };
      return isDeepStrictEqual(one, decisions[index]) ? [] : [{ input, wasm: one, opa: decisions[index] }];
    });
    return { decisions, differences };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function evaluate(opa, data) {
  const args = ['eval', '--format', 'json', '-d', 'policies/directory', '-d', data, query];
  const { status, stdout, stderr } = spawnSync(opa, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) throw new Error(stderr || stdout);
  return JSON.parse(stdout).result[0].expressions[0].value;
}

function inputOf(table, { subject, action, phase, resource }) {
  const { service, method } = table.actions[action];
  return {
    subject: table.subjects[subject],
    action: { name: `/${service}/${method}`, properties: { ...table.actions[action], phase } },
    resource: table.resources[resource],
    context: { server: { id: 'spiffe://directory.example/dir', trust_domain: 'directory.example' }, time_ms: 0 },
  };
}

function problemsOf(sets) {
  const differences = sets.flatMap((set) => set.differences);
  if (differences.length === 0) return '';
  const first = differences.slice(0, 3).map((difference) => JSON.stringify(difference));
  return `${differences.length} differ; the first of them:\n${first.join('\n')}\nRun \`npm run policy:build\`; if they still differ, a built-in does not do the same in WASM`;
}

/** Agreement on what never happens would prove little. */
function reachProblems(sets, expected) {
  const share = allowed(sets) / asked(sets);
  const reached = reasonsOf(sets.flatMap(({ decisions }) => decisions));
  const missing = [...expected].filter((reason) => !reached.has(reason));
  if (missing.length > 0)
    return `no random input leads to ${missing.join(', ')}: let scripts/policy-random.mjs make some that do`;
  return share < 0.1 || share > 0.9
    ? `${Math.round(100 * share)} % are allowed: let scripts/policy-random.mjs make more of the other`
    : '';
}

function reasonsOf(decisions) {
  return new Set(decisions.flatMap(({ reasons }) => reasons));
}

function asked(sets) {
  return sets.reduce((sum, { decisions }) => sum + decisions.length, 0);
}

function allowed(sets) {
  return sets.reduce((sum, { decisions }) => sum + decisions.filter(({ allow }) => allow).length, 0);
}
