import './require-node.mjs';

import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { countLine, countReport } from './count.mjs';
import { prepare } from './prepare.mjs';
import { runTool } from './run-process.mjs';
import { CACHE, readJson } from './workspace.mjs';

if (!(await prepare())) {
  console.log(countLine({ passed: 0, failed: 1 }));
  process.exit(1);
}

// A deadlock inside of a native library stops a test that no timeout of vitest can end.
const LIMIT_MS = 15 * 60_000;

const reportFile = join(CACHE, `vitest-${process.pid}.json`);
mkdirSync(CACHE, { recursive: true });
const { code } = await runTool(
  'vitest/vitest.mjs',
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`, ...process.argv.slice(2)],
  { show: true, limitMs: LIMIT_MS },
);
if (code === 124) {
  console.log(`The tests did not end within ${LIMIT_MS / 60_000} minutes and were killed.`);
}
const count = countReport(existsSync(reportFile) ? readJson(reportFile) : undefined, code);
rmSync(reportFile, { force: true });
console.log(countLine(count));
process.exitCode = count.failed > 0 ? 1 : 0;
