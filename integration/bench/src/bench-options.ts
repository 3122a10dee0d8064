import { parseArgs } from 'node:util';
import { BENCHMARKS } from './benchmarks.js';

/** Fewer pairs than this are not published (DESIGN §9). */
export const PUBLISHED_PAIRS = 100;
const QUICK_PAIRS = 10;
const MAX_PAIRS = 10_000;

/** What the command line asks for. */
export interface BenchOptions {
  readonly names: readonly string[];
  readonly pairs: number;
  readonly quick: boolean;
  readonly json: boolean;
  readonly writeReadme: boolean;
  readonly help: boolean;
}

/** A command line that cannot be obeyed; the message says what would be. */
export class BenchUsageError extends Error {
  override readonly name = 'BenchUsageError';
}

/** The text of `--help`. */
export const USAGE = `npm run bench -- [NAME ...] [OPTIONS]

Benchmarks (default: all):
${listBenchmarks()}

Options:
  --pairs N        pairs per comparison, 1 to ${MAX_PAIRS}; default ${PUBLISHED_PAIRS}
  --quick          ${QUICK_PAIRS} pairs of short blocks, under 30 seconds: to see that it runs
  --json           print JSON on stdout, everything else on stderr
  --write-readme   put the figures into integration/bench/README.md; needs ${PUBLISHED_PAIRS} pairs and no --quick
  --help           print this
`;

/** Reads the command line. @throws {BenchUsageError} */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parse(args);
  for (const name of positionals) {
    if (!BENCHMARKS.has(name)) throw new BenchUsageError(`there is no benchmark "${name}". There are:\n${listBenchmarks()}`);
  }
  const quick = values.quick ?? false;
  const writeReadme = values['write-readme'] ?? false;
  const pairs = values.pairs === undefined ? (quick ? QUICK_PAIRS : PUBLISHED_PAIRS) : Number(values.pairs);
  if (!Number.isInteger(pairs) || pairs < 1 || pairs > MAX_PAIRS) {
    throw new BenchUsageError(`--pairs takes a whole number from 1 to ${MAX_PAIRS}; got "${values.pairs}"`);
  }
  if (writeReadme && (quick || pairs < PUBLISHED_PAIRS)) {
    throw new BenchUsageError(`--write-readme publishes: it needs at least ${PUBLISHED_PAIRS} pairs, and no --quick`);
  }
  return {
    names: positionals.length === 0 ? [...BENCHMARKS.keys()] : [...new Set(positionals)],
    pairs,
    quick,
    json: values.json ?? false,
    writeReadme,
    help: values.help ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        pairs: { type: 'string' },
        quick: { type: 'boolean' },
        json: { type: 'boolean' },
        'write-readme': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new BenchUsageError(`${error instanceof Error ? error.message : error}\n--help lists the options`);
  }
}

function listBenchmarks(): string {
  return [...BENCHMARKS].map(([name, { about }]) => `  ${name.padEnd(16)} ${about}`).join('\n');
}
