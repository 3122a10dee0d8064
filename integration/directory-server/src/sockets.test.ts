import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { create } from '@bufbuild/protobuf';
import {
  CountRecordsRequestSchema,
  PublicationService,
  PublicationServiceDefinition,
  type RecordRef,
  RoutingService,
  RoutingServiceDefinition,
  SearchService,
  SearchServiceDefinition,
  StoreService,
  StoreServiceDefinition,
  SyncService,
  SyncServiceDefinition,
} from '@dirgate/directory';
import { clientConstructor } from '@dirgate/service-definition';
import { credentials, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { createServer } from 'nice-grpc';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { grpcJsImplementations } from './grpc-js-implementations.js';
import { niceGrpcImplementations } from './nice-grpc-implementations.js';
import type { Directory } from './open-directory.js';
import { drain, openTestDirectory, record } from './test-support/temporary-directory.js';

const unknownCid = 'baeareicecnx2gvntm6fbcrvnc336qze6st5u7qq7457igegamd3bzkx7ri';

const listen = {
  'grpc-js': async (directory: Directory) => {
    const server = new Server();
    const { store, sync, routing, publication, search } = grpcJsImplementations(directory);
    server.addService(StoreServiceDefinition, store);
    server.addService(SyncServiceDefinition, sync);
    server.addService(RoutingServiceDefinition, routing);
    server.addService(PublicationServiceDefinition, publication);
    server.addService(SearchServiceDefinition, search);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    return { port, stop: () => server.forceShutdown() };
  },
  'nice-grpc': async (directory: Directory) => {
    const server = createServer();
    const { store, sync, routing, publication, search } = niceGrpcImplementations(directory);
    server.add(StoreServiceDefinition, store);
    server.add(SyncServiceDefinition, sync);
    server.add(RoutingServiceDefinition, routing);
    server.add(PublicationServiceDefinition, publication);
    server.add(SearchServiceDefinition, search);
    return { port: await server.listen('127.0.0.1:0'), stop: () => server.forceShutdown() };
  },
};

/** Runs a unary or client-stream call to its end. */
function outcome<T>(start: (callback: (error: { code: number } | null, response?: T) => void) => void) {
  return new Promise<{ code: number; response: T | undefined }>((resolve) => {
    start((error, response) => resolve({ code: error?.code ?? status.OK, response }));
  });
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** The Directory, with the first request that Delete sees and what it ends in. */
function watchDeletes(directory: Directory) {
  const first = deferred<{ cid: string }>();
  const outcome = deferred<unknown>();
  async function* tap(requests: AsyncIterable<RecordRef>) {
    for await (const request of requests) {
      first.resolve({ cid: request.cid });
      yield request;
    }
  }
  const watched: Directory = {
    ...directory,
    store: {
      ...directory.store,
      delete: (requests) => {
        const ended = directory.store.delete(tap(requests));
        ended.then(outcome.resolve, outcome.resolve);
        return ended;
      },
    },
  };
  return { directory: watched, first: first.promise, outcome: outcome.promise };
}

describe.each(['grpc-js', 'nice-grpc'] as const)('over %s', (library) => {
  let directory: Directory;
  let stop: () => void;
  let store: InstanceType<ReturnType<typeof clientConstructor<typeof StoreService>>>;
  let address: string;

  let deletes: ReturnType<typeof watchDeletes>;

  beforeEach(async () => {
    directory = openTestDirectory();
    deletes = watchDeletes(directory);
    const listening = await listen[library](deletes.directory);
    stop = listening.stop;
    address = `127.0.0.1:${listening.port}`;
    store = new (clientConstructor(StoreService))(address, credentials.createInsecure());
  });

  afterEach(() => {
    store.close();
    stop();
  });

  const count = () => directory.search.countRecords(create(CountRecordsRequestSchema)).totalCount;

  async function push(...names: string[]): Promise<string[]> {
    const call = store.push();
    for (const name of names) {
      call.write({ data: record(name) });
    }
    call.end();
    return (await drain(call)).items.map(({ cid }) => cid);
  }

  test('bidi: answers in order; what was answered before an error arrives', async () => {
    const cids = await push('a', 'b', 'c');
    expect(cids).toHaveLength(3);
    const call = store.pull();
    for (const cid of [cids[1] ?? '', cids[0] ?? '', unknownCid, cids[2] ?? '']) {
      call.write({ cid });
    }
    call.end();
    const { items, error } = await drain(call);
    expect(items.map(({ data }) => data?.['name'])).toEqual(['b', 'a']);
    expect(error).toMatchObject({ code: status.NOT_FOUND, details: `failed to pull record: record not found: ${unknownCid}` });
  });

  test('bidi: a bad record is INVALID_ARGUMENT and nothing of it is stored', async () => {
    const call = store.push();
    call.write({ data: record('good') });
    call.write({ data: { name: 'bad' } });
    const { items, error } = await drain(call);
    expect(items).toHaveLength(1);
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(count()).toBe(1);
  });

  test('bidi: an endless identifier that is cut inside a character is NOT_FOUND', async () => {
    const call = store.pull();
    call.write({ cid: `${'x'.repeat(127)}${'\u{1F600}'.repeat(100_000)}` });
    expect((await drain(call)).error).toMatchObject({
      code: status.NOT_FOUND,
      details: `failed to pull record: record not found: ${'x'.repeat(127)}…`,
    });
    expect(await push('still alive')).toHaveLength(1);
  });

  test('bidi: an answer that ends the call early is OK', async () => {
    const call = store.pullReferrer();
    call.write({ recordRef: { cid: unknownCid } });
    const { items, error } = await drain(call);
    expect(error).toBeUndefined();
    expect(items.map(({ referrer }) => referrer)).toEqual([undefined]);
  });

  test('bidi: a reader that waits gets everything in the end', async () => {
    const [cid = ''] = await push('big');
    const call = store.pull();
    const total = 500;
    for (let i = 0; i < total; i++) {
      call.write({ cid });
    }
    call.end();
    await once(call, 'readable');
    const { items, error } = await drain(call);
    expect(error).toBeUndefined();
    expect(items).toHaveLength(total);
  });

  test('client stream: Delete removes at the end of the stream', async () => {
    const cids = await push('a', 'b');
    const { code } = await outcome((callback) => {
      const call = store.delete(callback);
      for (const cid of cids) {
        call.write({ cid });
      }
      call.end();
    });
    expect(code).toBe(status.OK);
    expect(count()).toBe(0);
  });

  // Not by the client's cancel(): Node's HTTP/2 ends the stream before it resets it, which no server can tell from a
  // client that is done.
  test('client stream: Delete that is cut off half-way removes nothing', async () => {
    const [cid = ''] = await push('a');
    const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
    const session = connectHttp2(`http://${address}`, { createConnection: () => socket });
    session.on('error', () => {});
    const call = session.request({
      ':method': 'POST',
      ':path': StoreServiceDefinition.delete.path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    call.on('error', () => {});
    const message = StoreServiceDefinition.delete.requestSerialize({ cid });
    call.write(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
    expect(await deletes.first).toEqual({ cid });
    socket.destroy();
    expect(await deletes.outcome).toMatchObject({ code: 'CANCELLED' });
    expect(count()).toBe(1);
  });

  test('server stream and unary, and every status has its number', async () => {
    const [cid = ''] = await push('a');
    const connection = credentials.createInsecure();
    const search = new (clientConstructor(SearchService))(address, connection);
    const routing = new (clientConstructor(RoutingService))(address, connection);
    const publication = new (clientConstructor(PublicationService))(address, connection);
    const sync = new (clientConstructor(SyncService))(address, connection);
    expect((await drain(search.searchCIDs({}))).items).toMatchObject([{ recordCid: cid }]);
    expect((await drain(search.searchCIDs({ queries: [{ type: 3, value: 'x' }] }))).error).toMatchObject({
      code: status.UNKNOWN,
    });
    expect(await outcome((callback) => search.countRecords({}, callback))).toMatchObject({ response: { totalCount: 1 } });
    const request = { case: 'recordRefs' as const, value: { refs: [{ cid }] } };
    expect((await outcome((callback) => routing.publish({ request }, callback))).code).toBe(status.OK);
    expect((await drain(routing.list({}))).items).toMatchObject([{ recordRef: { cid } }]);
    expect((await outcome((callback) => routing.unpublish({}, callback))).code).toBe(status.INVALID_ARGUMENT);
    const id = await outcome<{ publicationId: string }>((callback) => publication.createPublication({ request }, callback));
    expect(id.response?.publicationId).toMatch(/^[0-9a-f-]{36}$/);
    expect((await outcome((callback) => sync.getSync({ syncId: 'x' }, callback))).code).toBe(status.UNIMPLEMENTED);
    expect((await drain(sync.listSyncs({}))).error).toMatchObject({ code: status.UNIMPLEMENTED });
    for (const client of [search, routing, publication, sync]) {
      client.close();
    }
  });
});
