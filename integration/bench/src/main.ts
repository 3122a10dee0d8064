import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type BenchOptions, BenchUsageError, parseBenchOptions, USAGE } from './bench-options.js';
import { BENCHMARKS } from './benchmarks.js';
import { replaceFigures } from './readme-figures.js';
import { readRunFacts } from './run-facts.js';

const README = fileURLToPath(new URL('../README.md', import.meta.url));

async function main(args: readonly string[], signal: AbortSignal): Promise<void> {
  const options = parseBenchOptions(args);
  if (options.help) {
    console.log(USAGE);
    return;
  }
  for (const name of options.names) await runBenchmark(name, options, args, signal);
}

async function runBenchmark(name: string, options: BenchOptions, args: readonly string[], signal: AbortSignal): Promise<void> {
  const { pairs, quick } = options;
  const command = ['npm run bench --', name, ...args.filter((arg) => !options.names.includes(arg))].join(' ');
  const facts = readRunFacts(command, pairs, new Date());
  const progress = (text: string): void => console.error(`· ${text}`);
  const benchmark = BENCHMARKS.get(name);
  if (benchmark === undefined) throw new BenchUsageError(`there is no benchmark "${name}"`);
  const { result, report } = await benchmark.run({ pairs, quick, facts, signal, progress });
  console.log(options.json ? JSON.stringify({ benchmark: name, ...facts, ...result }, null, 2) : `\n${report}`);
  if (options.writeReadme) {
    await writeFile(README, replaceFigures(await readFile(README, 'utf8'), name, report));
    progress(`written to ${README}`);
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
