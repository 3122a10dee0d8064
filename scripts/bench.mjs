import './require-node.mjs';

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { ROOT } from './workspace.mjs';

console.log = console.error; // stdout is for the figures: with --json somebody may read it
if (!(await prepare())) process.exit(1);

// The client shares its process with nothing else. --no-flush-bytecode: as for the servers (node-facts N-66).
const main = join(ROOT, 'integration', 'bench', 'dist', 'main.js');
const bench = spawn(process.execPath, ['--no-flush-bytecode', main, ...process.argv.slice(2)], { cwd: ROOT, stdio: 'inherit' });

// Whoever stops us waits until the benchmark has stopped its servers and removed its files.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => bench.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal));

bench.on('error', (error) => {
  console.error(`The benchmark could not be started: ${error.message}`);
  process.exit(1);
});
bench.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
