// npm run policy:check: format, strict check, tests with full coverage, METADATA, Regal, drift of everything that is built, signatures,
// OPA against WASM, the time of each probe, and grants. With --bundle: that bundle alone.
import './require-node.mjs';

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { countLine } from './count.mjs';
import { readVerification, verificationHelp, verificationOptions } from './policy-verification.mjs';
import { prepare } from './prepare.mjs';
import { ROOT } from './workspace.mjs';

const HELP = `npm run policy:check -- [--grants FILE]... [--seed N]
npm run policy:check -- --bundle FILE... [--grants FILE]...

Checks the policies of this checkout, and grants. Takes about a minute; needs opa and regal, which are built with Go when they are not there.
With --bundle it checks a bundle of your own instead.

  --grants FILE  grants to check (default: those of the demo); once per file. Names the line of each grant that the loader would refuse,
                 that can never hold, or that changes nothing
  --bundle FILE  a bundle to check (.tar.gz, or the directory of one); once per file: that it loads, what its record says, and that each
                 of its probes holds and is fast enough. Grants are those that --grants names, if any
  --seed N       draws other random inputs
  --help         this text

${verificationHelp}

Exit code: 0 all is well; 1 something is not: each is named, with what to do; 2 the options are no good, or a tool is missing.`;

const count = { passed: 0, failed: 0 };
const { bundles, grants: grantsFiles, seed, verification } = readArguments();
if (!(await prepare())) {
  console.log(countLine({ passed: 0, failed: 1 }));
  process.exit(1);
}
const { findTool, ToolMissing } = await import('./find-tool.mjs');
const { bundleReports } = await import('./policy-bundle-report.mjs');
const { logFormatProblems } = await import('./policy-log-format.mjs');
const { products } = await import('./policy-products.mjs');
const { signatureReports } = await import('./policy-signatures.mjs');
const { agreementReports } = await import('./policy-agreement.mjs');
const { grantsReport } = await import('./policy-grants-report.mjs');
const { metadataReport } = await import('./policy-metadata.mjs');
const { twinReport } = await import('./policy-twin.mjs');

/** Each is built into bundles of its own, and tested on its own. */
const sources = {
  directory: ['policies/directory', 'policies/tests'],
  // Its data is what the tests of the rules do without.
  'examples/paging': ['--ignore', 'data.json', 'policies/examples/paging', 'policies/directory', 'policies/tests'],
  'examples/porting': ['policies/examples/porting', 'policies/directory/identity', 'policies/directory/names'],
};

try {
  if (bundles.length === 0) await checkCheckout();
  for (const bundle of bundles) for (const found of await bundleReports(bundle, verification)) report(...found);
  for (const file of grantsFiles) report(...(await grantsReport(findTool('opa'), file)));
} catch (error) {
  if (error instanceof ToolMissing) {
    console.error(error.message);
    console.log(countLine({ ...count, failed: count.failed + 1 }));
    process.exit(2);
  }
  report('build', error.stderr || error.stdout || error.message);
}
console.log(countLine(count));
process.exitCode = count.failed > 0 ? 1 : 0;

async function checkCheckout() {
  const opa = findTool('opa');
  const regal = findTool('regal');
  report('opa fmt', problemsOf(opa, ['fmt', '--diff', '--fail', 'policies']), 'run `opa fmt --write policies`');
  for (const [name, folders] of Object.entries(sources)) {
    const strict = ['check', '--strict', '--schema', 'policies/schemas', '--ignore', '*.json', ...folders];
    report(
      `opa check --strict of ${name}`,
      problemsOf(opa, strict),
      'correct the rule at that line; the input is in policies/schemas',
    );
    reportTests(opa, name, folders);
  }
  report('regal lint', problemsOf(regal, ['lint', '--no-color', 'policies']), 'each has a page under Documentation');
  report(...metadataReport(opa, ['policies/directory', 'policies/examples/paging', 'policies/examples/porting']));
  for (const { path, current } of await products(opa)) {
    report(`${path} is current`, current ? '' : 'it differs from its source', 'run `npm run policy:build` and commit the result');
  }
  for (const [name, problems] of await signatureReports(opa)) report(name, problems);
  for (const [name, problems] of await agreementReports(opa, seed)) report(name, problems);
  report(...(await twinReport(opa, seed)));
  for (const file of readdirSync(`${ROOT}/policies/dist`)) {
    for (const found of await bundleReports(`${ROOT}/policies/dist/${file}`)) report(...found);
  }
  report(
    "the decision log is as OPA's own",
    await logFormatProblems(opa),
    'see packages/guard/src/decision-log/decision-line.ts',
  );
}

function readArguments() {
  try {
    const options = {
      bundle: { type: 'string', multiple: true, default: [] },
      grants: { type: 'string', multiple: true },
      seed: { type: 'string' },
      help: { type: 'boolean' },
      ...verificationOptions,
    };
    const { values } = parseArgs({ options });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    const chosen = values.seed === undefined ? 1 : Number(values.seed);
    if (!Number.isSafeInteger(chosen) || chosen < 0) throw new Error(`--seed ${values.seed}: give a whole number`);
    const { bundle: named, grants = named.length === 0 ? [`${ROOT}/integration/grants.yaml`] : [] } = values;
    if (named.length === 0 && values['verification-key'] !== undefined) throw new Error('--verification-key is for a --bundle');
    return { bundles: named, grants, seed: chosen, verification: readVerification(values) };
  } catch (error) {
    console.error(`policy:check: ${error.message.split('\n')[0]} (--help tells more)`);
    console.log(countLine({ passed: 0, failed: 1 }));
    process.exit(2);
  }
}

function report(name, problems, remedy) {
  const ok = problems.trim() === '';
  count[ok ? 'passed' : 'failed'] += 1;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}`);
  if (!ok) console.log(`${problems.trimEnd()}${remedy === undefined ? '' : `\n→ ${remedy}`}`.replace(/^/gm, '       '));
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

// `opa test` counts each row of a table as a test of its own.
function reportTests(opa, name, folders) {
  const { stdout, stderr } = run(opa, ['test', '--timeout', '60s', '--format', 'json', ...folders]);
  let results;
  try {
    results = JSON.parse(stdout);
  } catch {
    report(`opa test of ${name}`, stderr || stdout || 'no output');
    return;
  }
  let passed = 0;
  for (const result of results) {
    const test = `${result.package}.${result.name}`;
    const rows = Object.entries(result.sub_results ?? {});
    const failed = rows.filter(([, row]) => !passes(row));
    for (const [note, row] of failed) {
      report(
        `${test}: ${note}`,
        JSON.stringify(row.error ?? 'not as the table says'),
        'correct the rule, or the row of the table',
      );
    }
    if (failed.length === 0 && !passes(result)) report(test, JSON.stringify(result.error ?? 'it failed'));
    else passed += Math.max(rows.length, 1) - Math.max(failed.length, passes(result) ? 0 : 1);
  }
  count.passed += passed;
  console.log(`ok     opa test of ${name}: ${passed} passed`);
  report(
    `opa test --coverage of ${name} is 100 %`,
    coverageProblems(opa, folders),
    'add a row or a test that leads there, or delete it',
  );
}

function coverageProblems(opa, folders) {
  const { status, stdout } = run(opa, ['test', '--timeout', '60s', '--coverage', '--format', 'json', ...folders]);
  if (status !== 0) return 'not measured, because tests failed';
  const { files, coverage } = JSON.parse(stdout);
  const gaps = Object.entries(files).flatMap(([file, { not_covered: lines = [] }]) =>
    lines.map(({ start, end }) => `${file}:${start.row}-${end.row}`),
  );
  return coverage === 100 ? '' : `${coverage} %, not covered:\n${gaps.join('\n')}`;
}
