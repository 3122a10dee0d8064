import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';
import { serviceDefinition } from '@dirgate/service-definition';
import { Server, ServerCredentials, type ServerWritableStream, status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { SpiffeWorkloadAPI } from '../gen/spiffe/workload/workloadapi_pb.js';
import { SILENT_LOGGER } from '../test-support/silent-logger.js';
import { Backoff } from './backoff.js';
import type { CallFailure } from './call-failure.js';
import { parseEndpointAddress } from './endpoint-address.js';
import { runStreamLoop } from './stream-loop.js';
import { KEEPALIVE, openWorkloadApiClient, openWorkloadApiStream } from './workload-api-channel.js';

const MAX_BYTES = 1024;

/** Answers each stream with one message, and keeps it open. */
const server = new Server();
/** On the way to it. What comes on a connection that is in here is taken, and not a byte is said to it any more. */
const silent = new Set<Socket>();
const connections: Socket[] = [];
const link = createServer((client) => {
  const upstream = dial(port, '127.0.0.1');
  connections.push(client);
  for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
  client.on('data', (bytes) => silent.has(client) || upstream.write(bytes));
  upstream.on('data', (bytes) => silent.has(client) || client.write(bytes));
  client.once('close', () => upstream.destroy());
});
let port: number;
let address: ReturnType<typeof parseEndpointAddress>;
let controller: AbortController;

beforeAll(async () => {
  server.addService(serviceDefinition(SpiffeWorkloadAPI), {
    FetchX509SVID: (call: ServerWritableStream<unknown, object>) => void call.write({}),
  });
  port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  await once(link.listen(0, '127.0.0.1'), 'listening');
  address = parseEndpointAddress(`tcp://127.0.0.1:${(link.address() as AddressInfo).port}`);
});

beforeEach(() => {
  connections.length = 0;
  controller = new AbortController();
});

afterEach(() => {
  controller.abort();
  vi.restoreAllMocks();
});

afterAll(() => {
  server.forceShutdown();
  link.close();
});

/** Keeps one stream open; `onMessage` is told of each message. */
function keepOpen(
  openClient: () => ReturnType<typeof openWorkloadApiClient>,
  onMessage: () => void,
  failures: CallFailure[] = [],
) {
  return runStreamLoop<Uint8Array>({
    name: 'FetchX509SVID',
    openClient,
    openStream: (client) => openWorkloadApiStream(client, 'FetchX509SVID'),
    apply: async () => onMessage(),
    onFailure: (failure) => failures.push(failure),
    backoff: new Backoff({ initialMs: 1, maxMs: 1 }),
    responseTimeoutMs: 20_000,
    logger: SILENT_LOGGER,
    signal: controller.signal,
  });
}

test('a peer that falls silent in the middle of a stream is left, and a new connection brings what is new (W-26)', async () => {
  const failures: CallFailure[] = [];
  let messages = 0;
  await keepOpen(
    () => openWorkloadApiClient(address, MAX_BYTES, { intervalMs: 50, timeoutMs: 2000 }),
    () => {
      messages += 1;
      const [first] = connections;
      if (messages === 1 && first) silent.add(first);
      if (messages === 2) controller.abort();
    },
    failures,
  );
  expect(messages).toBe(2);
  expect(failures).toEqual([expect.objectContaining({ code: status.UNAVAILABLE })]);
  expect(connections).toHaveLength(2);
  await expect.poll(() => connections[0]?.closed).toBe(true);
});

test('pings that are answered leave the stream open', async () => {
  // A ping frame of HTTP/2: 8 bytes long, type 6.
  const isPing = (bytes: Buffer): boolean => bytes.length === 17 && bytes[2] === 8 && bytes[3] === 6;
  const failures: CallFailure[] = [];
  let pings = 0;
  await keepOpen(
    () => openWorkloadApiClient(address, MAX_BYTES, { intervalMs: 10, timeoutMs: 20_000 }),
    () => {
      connections[0]?.on('data', (bytes: Buffer) => {
        if (!isPing(bytes)) return;
        pings += 1;
        if (pings === 3) controller.abort();
      });
    },
    failures,
  );
  expect(connections).toHaveLength(1);
  expect(failures).toEqual([]);
});

test('what every connection gets: seldom enough for grpc-go, which allows one ping in five minutes', async () => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const delays = (): unknown[] => timers.mock.calls.map(([, delayMs]) => delayMs);
  await keepOpen(
    () => openWorkloadApiClient(address, MAX_BYTES),
    () => controller.abort(),
  );
  expect(delays()).toContain(KEEPALIVE.intervalMs);
  expect(KEEPALIVE.intervalMs).toBeGreaterThan(5 * 60_000);
  expect(KEEPALIVE.intervalMs + KEEPALIVE.timeoutMs).toBeLessThan(6 * 60_000);
});
