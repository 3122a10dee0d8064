import type { DemoWorld, Listener } from './demo-world.js';
import { federatedRows } from './rows-federated.js';
import { homeRows } from './rows-home.js';
import { niceGrpcRows } from './rows-nice-grpc.js';
import { trustRows } from './rows-trust.js';
import { unprovenRows } from './rows-unproven.js';
import { SharedRecords } from './shared-records.js';
import type { Row } from './table.js';

/** The table of calls, in order: later rows rest on what earlier ones stored, and the last ones change trust itself. */
export function demoTable(world: DemoWorld, listener: Listener): readonly Row[] {
  const records = new SharedRecords(world);
  return [
    ...homeRows(world, listener, records),
    ...federatedRows(world, listener, records),
    ...unprovenRows(world, listener, records),
    ...niceGrpcRows(world, records),
    ...trustRows(world, listener, records),
  ];
}
