import { runSuite } from './run-suite.js';
import { parseSpireOptions, SpireUsageError, usage } from './spire-options.js';
import { readSpireTools } from './spire-tools.js';
import { SUITES } from './suites.js';

async function main(args: readonly string[], stopping: AbortSignal): Promise<number> {
  const options = parseSpireOptions(args, SUITES);
  if (options.help) {
    console.log(usage(SUITES));
    return 0;
  }
  const tools = readSpireTools(process.env);
  const count = { passed: 0, failed: 0 };
  const queue = [...options.suites];
  const work = async (): Promise<void> => {
    for (let suite = queue.shift(); suite !== undefined && !stopping.aborted; suite = queue.shift()) {
      const { passed, failed } = await runSuite(suite, tools, stopping);
      count.passed += passed;
      count.failed += failed;
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, queue.length) }, work));
  console.log(`${count.passed} passed, ${count.failed} failed`);
  return count.failed > 0 ? 1 : 0;
}

const stopping = new AbortController();
let signalCode: number | undefined;
for (const [name, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(name, () => {
    signalCode = code;
    stopping.abort();
  });
}

try {
  process.exitCode = await main(process.argv.slice(2), stopping.signal);
} catch (error) {
  console.error(error instanceof SpireUsageError ? error.message : error);
  process.exitCode = 2;
}
process.exit(signalCode ?? process.exitCode); // what a broken-off suite left open would keep the process
