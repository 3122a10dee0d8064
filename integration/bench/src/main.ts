import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type BenchOptions, BenchUsageError, parseBenchOptions, USAGE } from './bench-options.js';
import { runGrpcBenchmark } from './grpc-benchmark.js';
import { formatGrpcReport, readRunFacts } from './grpc-report.js';
import { replaceFigures } from './readme-figures.js';

const README = fileURLToPath(new URL('../README.md', import.meta.url));

async function main(args: readonly string[], signal: AbortSignal): Promise<void> {
  const options = parseBenchOptions(args);
  if (options.help) {
    console.log(USAGE);
    return;
  }
  for (const name of options.names) {
    const command = ['npm run bench --', name, ...args.filter((arg) => !options.names.includes(arg))].join(' ');
    await runGrpc(options, readRunFacts(command, options.pairs, new Date()), signal);
  }
}

async function runGrpc(options: BenchOptions, facts: ReturnType<typeof readRunFacts>, signal: AbortSignal): Promise<void> {
  const result = await runGrpcBenchmark({
    ...(options.quick ? { blockMs: 20, warmUpMs: 200, batches: 40 } : { blockMs: 90, warmUpMs: 1500, batches: 500 }),
    pairs: options.pairs,
    signal,
    progress: (text) => console.error(`· ${text}`),
  });
  const report = formatGrpcReport(result, facts);
  console.log(options.json ? JSON.stringify({ benchmark: 'grpc', ...facts, ...result }, null, 2) : `\n${report}`);
  if (options.writeReadme) {
    await writeFile(README, replaceFigures(await readFile(README, 'utf8'), 'grpc', report));
    console.error(`· written to ${README}`);
  }
}

const stopping = new AbortController();
for (const [name, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(name, () => {
    process.exitCode = code;
    stopping.abort();
  });
}

try {
  await main(process.argv.slice(2), stopping.signal);
} catch (error) {
  if (!stopping.signal.aborted) {
    console.error(error instanceof BenchUsageError ? error.message : error);
    process.exitCode = error instanceof BenchUsageError ? 2 : 1;
  }
}
process.exit(); // connections of a run that was broken off would keep the process
