import type { DemoOptions } from './demo-options.js';
import { demoTable } from './demo-table.js';
import { DemoWorld, HOME, PARTNER, SERVER_ID } from './demo-world.js';
import { TablePrinter } from './print-table.js';
import { USER } from './rows-home.js';
import { type RowResult, runRow } from './table.js';

/**
 * Starts everything, prints the table, then serves until SIGINT or SIGTERM unless `once`. Answers whether all rows were
 * as expected.
 *
 * @throws DemoError and the errors of the packages for what could not start; nothing is left running then
 */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const printer = new TablePrinter();
  const stopped = stopSignal();
  printer.note('Starting the identity authority, the Workload API sockets and the guarded Directory …');
  await using world = await DemoWorld.start(options);
  printer.header();
  const results: RowResult[] = [];
  for (const row of demoTable(world, 'grpc-js')) {
    if (stopped.signalled) {
      break;
    }
    const result = await runRow(world, row);
    results.push(result);
    printer.row(result);
  }
  printer.summary(results);
  printer.note(`Audit trail: ${options.dataFolder}/audit.jsonl`);
  if (!options.once && !stopped.signalled) {
    world.authority.federate(HOME, PARTNER); // the last row withdrew it
    await sayHowToCall(world, printer);
    await stopped.promise;
    printer.note('Draining …');
  }
  return results.every(({ ok }) => ok) && !(options.once && stopped.signalled);
}

async function sayHowToCall(world: DemoWorld, printer: TablePrinter): Promise<void> {
  const { served } = await world.workload(USER);
  printer.note('');
  printer.note(
    `Serving on ${world.address('grpc-js')} (grpc-js) and ${world.address('nice-grpc')} (nice-grpc) as ${SERVER_ID}. Ctrl-C ends.`,
  );
  printer.note(`Call it as ${USER}, from another terminal:`);
  printer.note(
    `  SPIFFE_ENDPOINT_SOCKET=${served.address} node integration/demo/dist/call.js ${world.address('grpc-js')} search '*'`,
  );
}

/** The first SIGINT or SIGTERM; a second one ends the process at once. */
function stopSignal(): { readonly signalled: boolean; readonly promise: Promise<void> } {
  let signalled = false;
  const promise = new Promise<void>((resolve) => {
    const stop = (): void => {
      signalled = true;
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
  return {
    get signalled() {
      return signalled;
    },
    promise,
  };
}
