import { StoreServiceDefinition } from '@dirgate/directory';
import { type Attempt, failed, type StatusName, succeeded } from '@dirgate/harness';
import { matchId } from '@dirgate/spiffe';
import { ClientError, createChannel, createClient, Status } from 'nice-grpc';
import { clientCredentials } from './demo-client.js';
import { type DemoWorld, SERVER_ID } from './demo-world.js';
import { ACME, USER } from './rows-home.js';
import type { SharedRecords } from './shared-records.js';
import type { Row } from './table.js';

/** The same Directory through nice-grpc, server and client: one call allowed, one refused. */
export function niceGrpcRows(world: DemoWorld, records: SharedRecords): readonly Row[] {
  return [
    {
      who: 'acme over nice-grpc',
      credential: 'X.509',
      call: 'Pull a record',
      expected: { status: 'OK', reason: 'role_reader', handler: ACME },
      run: () =>
        withNiceStore(world, ACME, 'x509', async (store) => {
          const names: unknown[] = [];
          for await (const { data } of store.pull(only({ cid: records.acmeCid }))) {
            names.push(data?.['name']);
          }
          return names;
        }),
    },
    {
      who: 'user over nice-grpc',
      credential: 'JWT',
      call: 'Delete a record',
      expected: { status: 'PERMISSION_DENIED', reason: 'role_lacks_class', handler: null },
      run: () => withNiceStore(world, USER, 'jwt', async (store) => [await store.delete(only({ cid: records.acmeCid }))]),
    },
  ];
}

type NiceStore = ReturnType<typeof createClient<typeof StoreServiceDefinition>>;

async function withNiceStore(
  world: DemoWorld,
  id: string,
  present: 'x509' | 'jwt',
  use: (store: NiceStore) => Promise<readonly unknown[]>,
): Promise<Attempt> {
  const { api: identity } = await world.workload(id);
  const credentials = clientCredentials({
    address: world.address('nice-grpc'),
    identity,
    server: matchId(SERVER_ID),
    present,
    audience: SERVER_ID,
  });
  const channel = createChannel(`dns:${world.address('nice-grpc')}`, credentials, { 'grpc.enable_retries': 0 });
  try {
    return succeeded(await use(createClient(StoreServiceDefinition, channel)));
  } catch (error) {
    if (error instanceof ClientError) {
      return { ...failed({ code: error.code, details: error.details }), status: Status[error.code] as StatusName };
    }
    throw error;
  } finally {
    channel.close();
  }
}

async function* only<T>(message: T): AsyncIterable<T> {
  yield message;
}
