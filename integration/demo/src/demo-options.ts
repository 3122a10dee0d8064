import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DemoError } from './demo-error.js';

/** How the demo runs. */
export interface DemoOptions {
  /** Exit after the table. */
  readonly once: boolean;
  readonly help: boolean;
  /** `address:port` of the grpc-js listener. */
  readonly listen: string;
  /** Where nice-grpc listens. */
  readonly niceListen: string;
  /** Folder of the database and the audit trail. */
  readonly dataFolder: string;
  /** The policy bundle. */
  readonly bundle: string;
  /** The grants beside it. */
  readonly grants: string;
}

const INTEGRATION = fileURLToPath(new URL('../../', import.meta.url));

const DEFAULTS: Readonly<Record<string, string>> = {
  DIRGATE_DEMO_LISTEN: '127.0.0.1:8888',
  DIRGATE_DEMO_NICE_LISTEN: '127.0.0.1:8889',
  DIRGATE_DEMO_DATA: resolve(INTEGRATION, '.data'),
  DIRGATE_DEMO_POLICY: resolve(INTEGRATION, '../policies/dist/directory.tar.gz'),
  DIRGATE_DEMO_GRANTS: resolve(INTEGRATION, 'grants.yaml'),
};

/** The text of `--help`. */
export const HELP = `npm start [-- --once] [-- --help]

Starts an identity authority and the guarded reference Directory, runs the table of calls, then serves until Ctrl-C.
  --once   exit after the table
Exit code: 0 all rows as expected, 1 some row was not, 2 it could not start.

Environment (default):
${Object.entries(DEFAULTS)
  .map(([name, value]) => `  ${name.padEnd(26)} ${value}`)
  .join('\n')}
`;

/**
 * Reads arguments and environment. Unknown `DIRGATE_DEMO_` names are refused: a misspelled one must not be ignored.
 *
 * @throws {DemoError}
 */
export function readDemoOptions(argv: readonly string[], env: NodeJS.ProcessEnv): DemoOptions {
  const unknown = Object.keys(env).find((name) => name.startsWith('DIRGATE_DEMO_') && !Object.hasOwn(DEFAULTS, name));
  if (unknown !== undefined) {
    throw new DemoError(`${unknown} is no setting of the demo: use one of ${Object.keys(DEFAULTS).join(', ')}`);
  }
  const { once, help } = readArguments(argv);
  const value = (name: string): string => env[name] ?? DEFAULTS[name] ?? '';
  return {
    once,
    help,
    listen: readAddress('DIRGATE_DEMO_LISTEN', value('DIRGATE_DEMO_LISTEN')),
    niceListen: readAddress('DIRGATE_DEMO_NICE_LISTEN', value('DIRGATE_DEMO_NICE_LISTEN')),
    dataFolder: readPath('DIRGATE_DEMO_DATA', value('DIRGATE_DEMO_DATA')),
    bundle: readPath('DIRGATE_DEMO_POLICY', value('DIRGATE_DEMO_POLICY')),
    grants: readPath('DIRGATE_DEMO_GRANTS', value('DIRGATE_DEMO_GRANTS')),
  };
}

function readArguments(argv: readonly string[]): { readonly once: boolean; readonly help: boolean } {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { once: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
    });
    return values;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown argument';
    throw new DemoError(`${why}. Try: npm start -- --help`, { cause });
  }
}

function readAddress(name: string, value: string): string {
  const port = Number(/^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\]|localhost):(\d{1,5})$/.exec(value)?.[1] ?? Number.NaN);
  if (!(port <= 65_535)) {
    throw new DemoError(`${name} must be an address and a port, such as 127.0.0.1:8888; got "${value}"`);
  }
  return value;
}

function readPath(name: string, value: string): string {
  if (value === '') {
    throw new DemoError(`${name} is empty: give a path, or leave it unset`);
  }
  return resolve(value);
}
