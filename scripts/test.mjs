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

const reportFile = join(CACHE, `vitest-${process.pid}.json`);
mkdirSync(CACHE, { recursive: true });
const { code } = await runTool(
  'vitest/vitest.mjs',
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`, ...process.argv.slice(2)],
  { show: true },
);
const count = countReport(existsSync(reportFile) ? readJson(reportFile) : undefined, code);
rmSync(reportFile, { force: true });
console.log(countLine(count));
process.exitCode = count.failed > 0 ? 1 : 0;
