import './require-node.mjs';

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { ROOT } from './workspace.mjs';

if (!(await prepare())) process.exit(1);

const main = join(ROOT, 'integration', 'demo', 'dist', 'main.js');
const demo = spawn(process.execPath, [main, ...process.argv.slice(2)], { cwd: ROOT, stdio: 'inherit' });

// On a terminal Ctrl-C reaches the demo by itself, and npm sends us the same signal once more: swallowing it leaves the demo
// exactly one, and the time to drain. Without a terminal nobody but us tells the demo.
const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
process.on('SIGINT', () => {
  if (!onTerminal) demo.kill('SIGINT');
});
process.on('SIGTERM', () => demo.kill('SIGTERM'));
process.on('SIGHUP', () => demo.kill('SIGHUP'));

demo.on('error', (error) => {
  console.error(`The demo could not be started: ${error.message}`);
  process.exit(1);
});
demo.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
