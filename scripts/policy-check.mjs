// npm run policy:check: format, strict check, tests with full coverage, Regal, drift of everything that is built, and signatures.
import './require-node.mjs';

import { spawnSync } from 'node:child_process';
import { countLine } from './count.mjs';
import { prepare } from './prepare.mjs';
import { ROOT } from './workspace.mjs';

const count = { passed: 0, failed: 0 };
if (!(await prepare())) {
  console.log(countLine({ passed: 0, failed: 1 }));
  process.exit(1);
}
const { findTool, ToolMissing } = await import('./find-tool.mjs');
const { products } = await import('./policy-products.mjs');
const { signatureReports } = await import('./policy-signatures.mjs');

try {
  const opa = findTool('opa');
  const regal = findTool('regal');
  report('opa fmt', problemsOf(opa, ['fmt', '--diff', '--fail', 'policies']));
  report('opa check --strict', problemsOf(opa, ['check', '--strict', '--schema', 'policies/schemas', 'policies/directory']));
  reportTests(opa);
  report('regal lint', problemsOf(regal, ['lint', '--no-color', 'policies']));
  for (const { path, current } of await products(opa)) {
    report(`${path} is current`, current ? '' : 'it differs from its source: run `npm run policy:build` and commit the result');
  }
  for (const [name, problems] of await signatureReports(opa)) report(name, problems);
} catch (error) {
  if (error instanceof ToolMissing) {
    console.error(error.message);
    console.log(countLine({ ...count, failed: count.failed + 1 }));
    process.exit(2);
  }
  report('build', error.stderr || error.message);
}
console.log(countLine(count));
process.exitCode = count.failed > 0 ? 1 : 0;

function report(name, problems) {
  const ok = problems.trim() === '';
  count[ok ? 'passed' : 'failed'] += 1;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}`);
  if (!ok) console.log(problems.trimEnd().replace(/^/gm, '       '));
}

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  return { status, stdout, stderr };
}

function problemsOf(command, args) {
  const { status, stdout, stderr } = run(command, args);
  return status === 0 ? '' : stdout + stderr || `exit code ${status}`;
}

function passes({ fail, error, skip }) {
  return !fail && !error && !skip;
}

// `opa test` counts each row of the decision table as a test of its own.
function reportTests(opa) {
  const sources = ['policies/directory', 'policies/tests'];
  const { stdout, stderr } = run(opa, ['test', '--timeout', '60s', '--format', 'json', ...sources]);
  let results;
  try {
    results = JSON.parse(stdout);
  } catch {
    report('opa test', stderr || stdout || 'no output');
    return;
  }
  let passed = 0;
  for (const result of results) {
    const name = `${result.package}.${result.name}`;
    const rows = Object.entries(result.sub_results ?? {});
    const failed = rows.filter(([, row]) => !passes(row));
    for (const [note, row] of failed) report(`${name}: ${note}`, JSON.stringify(row.error ?? 'not as the table says'));
    if (failed.length === 0 && !passes(result)) report(name, JSON.stringify(result.error ?? 'it failed'));
    else passed += Math.max(rows.length, 1) - Math.max(failed.length, passes(result) ? 0 : 1);
  }
  count.passed += passed;
  console.log(`ok     opa test: ${passed} passed`);
  report('opa test --coverage is 100 %', coverageProblems(opa, sources));
}

function coverageProblems(opa, sources) {
  const { status, stdout } = run(opa, ['test', '--timeout', '60s', '--coverage', '--format', 'json', ...sources]);
  if (status !== 0) return 'not measured, because tests failed';
  const { files, coverage } = JSON.parse(stdout);
  const gaps = Object.entries(files).flatMap(([file, { not_covered: lines = [] }]) =>
    lines.map(({ start, end }) => `${file}:${start.row}-${end.row}`),
  );
  return coverage === 100 ? '' : `${coverage} %, not covered:\n${gaps.join('\n')}`;
}
