import './require-node.mjs';

import { countLine } from './count.mjs';
import { build, install } from './prepare.mjs';
import { runTool } from './run-process.mjs';
import { ROOT, readJson } from './workspace.mjs';

if (!(await install())) {
  console.log(countLine({ passed: 0, failed: 1 }));
  process.exit(1);
}

// These need what was just installed.
const { allIndexProblems } = await import('./check-index.mjs');
const { packageProblems, readPackages } = await import('./check-packages.mjs');
const { generatedProblems, lintProtos } = await import('./check-generated.mjs');
const { apiProblems } = await import('./check-api.mjs');
const { rulesDocProblems } = await import('./rules-doc.mjs');
const { publintProblems, typesProblems, withTarballs } = await import('./check-tarballs.mjs');

const update = process.argv.includes('--update');
const count = { passed: 0, failed: 0 };

// Cheapest first. A step gives the problems it found, or throws what a tool printed.
await step('package ranks and dependencies', () =>
  packageProblems(readPackages(), Object.keys(readJson(`${ROOT}/package.json`).devDependencies)),
);
await step('exports are named one by one', allIndexProblems);
await step('lint and format (biome)', () =>
  tool('@biomejs/biome/bin/biome', ['ci', '--error-on-warnings', '--diagnostic-level=warn', '--colors=off']),
);
await step('proto lint (buf)', lintProtos);
await step('generated code is current', generatedProblems);
const built = await step('build (tsc -b)', async () => ((await build()) ? [] : ['it does not compile']));
await step('types of the tests', () => tool('typescript/bin/tsc', ['-p', 'tsconfig.test.json']));
await step('nothing unused (knip)', () => tool('knip/bin/knip.js', ['--no-progress', '--no-config-hints']));
await stepOnBuild('docs/rules.md is current', rulesDocProblems);
await stepOnBuild('API reports', () => apiProblems({ update }));
await stepOnBuild('published packages (publint, attw)', () =>
  withTarballs(async (tarballs) => {
    const problems = await Promise.all(tarballs.flatMap((tarball) => [publintProblems(tarball), typesProblems(tarball)]));
    return problems.flat();
  }),
);

console.log(countLine(count));
process.exitCode = count.failed > 0 ? 1 : 0;

async function step(name, run) {
  const startedAt = Date.now();
  let problems;
  try {
    problems = await run();
  } catch (error) {
    problems = [error instanceof Error ? error.message : String(error)];
  }
  const ok = problems.length === 0;
  count[ok ? 'passed' : 'failed'] += 1;
  console.log(`${ok ? paint(32, 'ok    ') : paint(31, 'FAILED')} ${name} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
  for (const problem of problems) console.log(problem.trimEnd().replace(/^/gm, '       '));
  return ok;
}

// What reads `dist` would judge an old build; it has not passed until it ran.
function stepOnBuild(name, run) {
  return step(name, built ? run : () => ['not run, because the build failed']);
}

async function tool(path, args) {
  const { code, output } = await runTool(path, args);
  return code === 0 ? [] : [output];
}

function paint(colour, text) {
  return process.stdout.isTTY && !process.env.NO_COLOR ? `\u001b[${colour}m${text}\u001b[0m` : text;
}
