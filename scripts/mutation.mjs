import './require-node.mjs';

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { countLine } from './count.mjs';
import { install } from './prepare.mjs';
import { ROOT } from './workspace.mjs';

const HELP = `Usage: npm run mutation -- [options] [file ...]

Changes the verifiers of @dirgate/spiffe in one place at a time (a condition, a comparison, a call, a result, a block that is gone)
and runs the tests that reach the place. A change that no test notices survives. Ends with 1 when fewer than 90 % of the changes to
a verifier are noticed. Without a file: all files of both verifiers, which takes some minutes. With files, each of which may be any
source of packages/spiffe/src: only those, judged one by one.

  --concurrency N  test runners at a time (default 2)
  --help           this text

The text of messages is not changed: tests assert the code of an error. Survivors are printed; those that cannot be noticed stand in
packages/spiffe/README.md with the reason. temp/mutation-*.html show every change.
`;

const THRESHOLD = 90;
const NOTICED = ['Killed', 'Timeout'];
const UNNOTICED = ['Survived', 'NoCoverage'];
const SOURCES = 'packages/spiffe/src';

/** The sources of each verifier, and the tests that must notice a change of them. */
const VERIFIERS = [
  {
    name: 'X509-SVID',
    sources: [
      'verify-x509-svid.ts',
      'x509-svid-verifier.ts',
      'proof-memory.ts',
      'x509-chain.ts',
      'leaf-rules.ts',
      'verify-x509-path.ts',
      'verify-path.ts',
      'certificate-rules.ts',
      'certificate-signature.ts',
      'certificate-public-key.ts',
      'rsa-key-limits.ts',
      'name-constraint-check.ts',
    ],
    suites: [
      'rules',
      'verify-x509-svid',
      'verify-x509-path',
      'verify-path',
      'x509-svid-verifier',
      'proof-memory',
      'x509-svid',
      'certificate-public-key',
      'certificate-signature',
      'verify-x509-path.algorithms',
      'name-constraint-check',
      'name-constraint-check.directory',
      'name-constraint-check.email',
      'verify-x509-path.bounds',
      'verify-x509-path.keys',
    ],
  },
  {
    name: 'JWT-SVID',
    sources: [
      'verify-jwt-svid.ts',
      'jwt-svid-verifier.ts',
      'jwt-svid-token.ts',
      'jwt-header.ts',
      'jwt-part.ts',
      'oldest-out.ts',
      'proof-memory.ts',
      'jwt-algorithms.ts',
      'jwt-bundle.ts',
      'json-web-key.ts',
      'rsa-key-limits.ts',
    ],
    suites: [
      'rules',
      'verify-jwt-svid.header',
      'verify-jwt-svid.claims',
      'jwt-svid-verifier',
      'jwt-header',
      'oldest-out',
      'proof-memory',
      'spiffe-bundle',
      'marshal-spiffe-bundle',
      'jwt-bundle',
      'jwt-bundle.equals',
    ],
  },
];
const VITEST_CONFIG = 'scripts/mutation/vitest.config.ts';
/** What the tests read. */
const COPIED = [
  'package.json',
  'tsconfig.base.json',
  'scripts/mutation/known-keys.mjs',
  VITEST_CONFIG,
  'docs',
  'packages/spiffe/package.json',
  'packages/spiffe/tsconfig.json',
  'packages/spiffe/src',
];
/**
 * For a source that belongs to no verifier. No run has the suites over real handshakes, generated chains and generated tokens: they
 * take long, and what they alone would notice counts as survived.
 */
const ALL_SUITES = ['!(*fuzz*|*differential|verify-x509-bad-chains|verify-x509-tls*)'];

const { files, concurrency } = readOptions();
if (!(await install())) finish({ passed: 0, failed: 1 });
setPriority(10);

const KEYS = mkdtempSync(join(tmpdir(), 'dirgate-mutation-'));
process.once('exit', () => rmSync(KEYS, { recursive: true, force: true }));
const count = { passed: 0, failed: 0 };
const rows = [];
for (const { name, sources, suites } of files.length > 0 ? files.map(alone) : VERIFIERS) {
  const results = await mutate(name, sources, suites);
  const of = (statuses) => results.filter(({ status }) => statuses.includes(status)).length;
  const [noticed, survived] = [of(NOTICED), of(UNNOTICED)];
  const share = (100 * noticed) / (noticed + survived);
  count[share >= THRESHOLD ? 'passed' : 'failed'] += 1;
  rows.push(row(name, noticed + survived, noticed, survived, `${share.toFixed(1)} %`));
}
console.log([row('', 'changes', 'noticed', 'survived', 'share'), ...rows].join('\n'));
finish(count);

/** A file by itself, held against the tests of the verifier that it belongs to. */
function alone(file) {
  const verifier = VERIFIERS.find(({ sources }) => sources.includes(file));
  return { name: file, sources: [file], suites: verifier?.suites ?? ALL_SUITES };
}

async function mutate(name, sources, suites) {
  const { Stryker } = await import('@stryker-mutator/core');
  process.chdir(ROOT);
  process.env.DIRGATE_MUTATION_SUITES = JSON.stringify(suites.map((suite) => `${SOURCES}/${suite}.test.ts`));
  process.env.DIRGATE_MUTATION_KEYS = KEYS;
  const stryker = new Stryker({
    mutate: sources.map((source) => `${SOURCES}/${source}`),
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner', join(ROOT, 'scripts', 'mutation', 'stryker-plugins.mjs')],
    ignorers: ['message-text'],
    vitest: { configFile: VITEST_CONFIG, related: false },
    coverageAnalysis: 'perTest',
    ignorePatterns: ['**', ...COPIED.flatMap((path) => [`!${path}`, `!${path}/**`])],
    tempDirName: 'temp/mutation',
    tsconfigFile: 'none.json', // Stryker would rewrite it by means that TypeScript 7 no longer has
    disableTypeChecks: false,
    concurrency,
    // Generous: what ends late on a busy machine would count as noticed. Endless loops are found by counting, not by time.
    timeoutMS: 60_000,
    reporters: ['survivors', 'progress-append-only', 'html'],
    htmlReporter: { fileName: `temp/mutation-${name}.html` },
    allowConsoleColors: false,
    logLevel: 'warn',
  });
  try {
    return await stryker.runMutationTest();
  } catch (error) {
    console.error(`the mutation test could not be run: ${error.message}`);
    return finish({ passed: 0, failed: 1 });
  }
}

function readOptions() {
  let parsed;
  try {
    parsed = parseArgs({
      options: { concurrency: { type: 'string', default: '2' }, help: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
  } catch (error) {
    usage(error.message);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  if (!/^[1-9]\d?$/.test(values.concurrency)) usage('--concurrency must be a whole number from 1 to 99');
  const files = positionals.map((path) => relative(ROOT, resolve(path)).replaceAll('\\', '/'));
  for (const file of files) {
    const known = file.startsWith(`${SOURCES}/`) && existsSync(join(ROOT, file)) && /(?<!\.test)\.ts$/.test(file);
    if (!known) usage(`${file} is not a source of ${SOURCES}`);
  }
  return { files: [...new Set(files)].map((file) => file.slice(SOURCES.length + 1)), concurrency: Number(values.concurrency) };
}

function usage(problem) {
  console.error(`${problem}\n\n${HELP}`);
  process.exit(2);
}

function row(name, ...columns) {
  return name.padEnd(50) + columns.map((column) => String(column).padStart(10)).join('');
}

function finish(counted) {
  console.log(countLine(counted));
  process.exit(counted.failed > 0 ? 1 : 0);
}
