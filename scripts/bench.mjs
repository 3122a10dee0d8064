import './require-node.mjs';

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { findTool, ToolMissing } from './find-tool.mjs';
import { prepare } from './prepare.mjs';
import { ROOT } from './workspace.mjs';

console.log = console.error; // stdout is for the figures: with --json somebody may read it
if (!(await prepare())) process.exit(1);
const args = process.argv.slice(2);
const env = { ...process.env, ...(needsOpa(args) ? opa() : {}) };

// The client shares its process with nothing else. --no-flush-bytecode: as for the servers (node-facts N-66).
const main = join(ROOT, 'integration', 'bench', 'dist', 'main.js');
const bench = spawn(process.execPath, ['--no-flush-bytecode', main, ...args], { cwd: ROOT, env, stdio: 'inherit' });

// Whoever stops us waits until the benchmark has stopped its servers and removed its files.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => bench.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal));

bench.on('error', (error) => {
  console.error(`The benchmark could not be started: ${error.message}`);
  process.exit(1);
});
bench.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));

/** Whether `policy` is among the benchmarks: named, or none is. */
function needsOpa(args) {
  const names = args.filter((arg, index) => !arg.startsWith('-') && args[index - 1] !== '--pairs');
  return !args.includes('--help') && !args.includes('-h') && (names.length === 0 || names.includes('policy'));
}

function opa() {
  try {
    return { OPA: findTool('opa') };
  } catch (error) {
    if (!(error instanceof ToolMissing)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}
