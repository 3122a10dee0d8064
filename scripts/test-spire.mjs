// npm run test:spire: the guarded Directory and its clients against real SPIRE.
import './require-node.mjs';

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { countLine } from './count.mjs';
import { buildWithGo, findTool, ToolMissing } from './find-tool.mjs';
import { prepare } from './prepare.mjs';
import { ROOT } from './workspace.mjs';

const args = process.argv.slice(2);
const helpOnly = args.includes('--help');

if (!(await prepare())) {
  console.log(countLine({ passed: 0, failed: 1 }));
  process.exit(1);
}
const suites = spawn(process.execPath, [join(ROOT, 'integration', 'spire', 'dist', 'main.js'), ...args], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, ...(helpOnly ? {} : tools()) },
});

// Whoever stops us waits until the suites have stopped SPIRE and removed their files. On a terminal Ctrl-C reaches them by itself.
const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
process.on('SIGINT', () => {
  if (!onTerminal) suites.kill('SIGINT');
});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => suites.kill('SIGTERM'));

suites.on('error', (error) => {
  console.error(`The suites could not be started: ${error.message}`);
  process.exit(1);
});
suites.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));

/** The programs that the suites run, found or built. */
function tools() {
  try {
    return {
      SPIRE_SERVER: findTool('spire-server'),
      SPIRE_AGENT: findTool('spire-agent'),
      SPIRE_GO_CLIENT: goClient(),
    };
  } catch (error) {
    if (!(error instanceof ToolMissing)) throw error;
    console.error(error.message);
    console.log(countLine({ passed: 0, failed: 1 }));
    process.exit(2);
  }
}

function goClient() {
  return buildWithGo({
    name: 'spire-go-client',
    label: 'the Go client of integration/spire',
    folder: join(ROOT, 'integration', 'spire', 'go-client'),
    program: '.',
    sources: ['go.mod', 'go.sum', 'main.go'],
    buildTime: 'about a minute',
    missing: 'There is no Go to build integration/spire/go-client, a client of another library that the suites need: install it.',
  });
}
