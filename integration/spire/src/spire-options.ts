import { parseArgs } from 'node:util';
import type { Suite } from './suite.js';

/** What the command line asks for. */
export interface SpireOptions {
  readonly help: boolean;
  readonly suites: readonly Suite[];
  /** How many suites run at one time. */
  readonly jobs: number;
}

/** A command line that cannot be meant. */
export class SpireUsageError extends Error {}

/** The text of `--help`. */
export function usage(suites: readonly Suite[]): string {
  return `Usage: npm run test:spire -- [options] [suite ...]

Runs the guarded Directory and its clients against real spire-server and spire-agent, on loopback and in temporary folders.
They are found by SPIRE_SERVER and SPIRE_AGENT, on the PATH in exactly the pinned version, or built once by Go (about 9 minutes).

  --jobs N   suites at one time (default 2)
  --help     this text

Suites (default: all)
${suites.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`).join('\n')}

Ends with one line "N passed, N failed", and with 1 when a check failed, 2 when nothing could be run.
A suite that failed keeps its folder with the logs and says where it is.`;
}

/** @throws SpireUsageError */
export function parseSpireOptions(args: readonly string[], all: readonly Suite[]): SpireOptions {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    const [problem] = String(error instanceof Error ? error.message : error).split('. '); // Node goes on to speak of `--`
    throw new SpireUsageError(`${problem}; --help says more.`);
  }
  const { values, positionals } = parsed;
  if (!/^[1-9]$/.test(values.jobs)) throw new SpireUsageError('--jobs must be a number from 1 to 9.');
  for (const name of positionals) {
    if (!all.some((suite) => suite.name === name)) {
      throw new SpireUsageError(
        `there is no suite ${JSON.stringify(name)}; there are: ${all.map((suite) => suite.name).join(', ')}.`,
      );
    }
  }
  const suites = positionals.length === 0 ? all : all.filter(({ name }) => positionals.includes(name));
  return { help: values.help, suites, jobs: Number(values.jobs) };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { jobs: { type: 'string', default: '2' }, help: { type: 'boolean', default: false } },
  });
}
