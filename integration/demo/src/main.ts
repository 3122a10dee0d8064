import { DirectoryFileError } from '@dirgate/directory-server';
import { GuardError } from '@dirgate/guard';
import { PolicyError } from '@dirgate/policy';
import { WorkloadApiError } from '@dirgate/workload-api';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { DemoError } from './demo-error.js';
import { HELP, readDemoOptions } from './demo-options.js';
import { runDemo } from './run-demo.js';

/** Exit codes: 0 all rows as expected, 1 some row was not, 2 it could not start. */
async function main(): Promise<number> {
  // grpc-js writes lines of its own to stderr, for failures that are told here with their remedy.
  setLogVerbosity(logVerbosity.NONE);
  try {
    const options = readDemoOptions(process.argv.slice(2), process.env);
    if (options.help) {
      process.stdout.write(HELP);
      return 0;
    }
    return (await runDemo(options)) ? 0 : 1;
  } catch (error) {
    if (isMendable(error)) {
      process.stderr.write(`dirgate demo: ${error.message}\n`);
      return 2;
    }
    throw error;
  }
}

/** What the one who starts the demo can mend; each says what is wrong and what to do. */
function isMendable(error: unknown): error is Error {
  return [DemoError, DirectoryFileError, GuardError, PolicyError, WorkloadApiError].some((kind) => error instanceof kind);
}

process.exitCode = await main();
