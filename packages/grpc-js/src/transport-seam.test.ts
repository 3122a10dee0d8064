import { once } from 'node:events';
import type { ServerHttp2Session } from 'node:http2';
import { TLSSocket } from 'node:tls';
import { parseX509Svid } from '@dirgate/spiffe';
import {
  Metadata,
  type ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import { expect, test, vi } from 'vitest';
import { createGuardInterceptor } from './guard-interceptor.js';
import { GuardedWorld, SERVER_ID } from './test-support/guarded-world.js';
import { rawRequest, rawSession } from './test-support/raw-client.js';
import { drainSession, readCallTransport, readTlsSocket } from './transport-seam.js';

test('what grpc-js keeps private looks as the seam expects', async () => {
  let handlerMetadata: Metadata | undefined;
  await using world = await GuardedWorld.start({
    onCall: (_shape, call) => {
      handlerMetadata = call.metadata;
    },
  });
  const seen: { metadata?: Metadata; resumed?: boolean; sans?: string | undefined }[] = [];
  const spy: ServerInterceptor = (_method, call) => {
    const transport = readCallTransport(call);
    const socket = transport && readTlsSocket(transport.session);
    seen.push({
      ...(transport && { metadata: transport.metadata }),
      ...(socket && { resumed: socket.isSessionReused(), sans: socket.getPeerX509Certificate()?.subjectAltName }),
    });
    return call as ServerInterceptingCall;
  };
  world.interceptors.unshift(spy); // before the guard's: the innermost call, as it is handed to server credentials
  expect((await world.client().call('unary')).code).toBe(status.OK);
  expect(seen).toEqual([{ metadata: expect.any(Metadata), resumed: false, sans: 'URI:spiffe://home.example/caller' }]);
  expect(seen[0]?.metadata).toBe(handlerMetadata); // callerOf rests on this
});

test('what was presented is read from the connection, however the server has rotated since', async () => {
  await using world = await GuardedWorld.start();
  const presented: unknown[] = [];
  const { connect } = world.guard;
  vi.spyOn(world.guard, 'connect').mockImplementation((facts, ask) => {
    presented.push(facts.presented?.validUntil);
    return connect(facts, ask);
  });
  const expected = world.identity.x509Svid()?.validUntil;
  const session = await rawSession(world, world.authority.identityOf('spiffe://home.example/caller').x509Svid());
  await once(session, 'remoteSettings');
  vi.spyOn(world.identity, 'x509Svid').mockReturnValue(
    parseX509Svid(world.authority.trustDomain('home.example').issueX509Svid(SERVER_ID, { ttlMs: 7_200_000 })),
  );
  world.identity.rotate();
  expect(await rawRequest(session, {})).toMatchObject({ grpcStatus: '0' });
  expect(expected).toEqual(expect.any(Number));
  expect(presented).toEqual([expected]);
  session.destroy();
});

test('a connection is read once, for all of its calls, and given back when it closes (TX-16)', async () => {
  await using world = await GuardedWorld.start();
  const connect = vi.spyOn(world.guard, 'connect');
  const session = await rawSession(world, world.authority.identityOf('spiffe://home.example/caller').x509Svid());
  for (let calls = 0; calls < 3; calls += 1) expect(await rawRequest(session, {})).toMatchObject({ grpcStatus: '0' });
  expect(connect).toHaveBeenCalledOnce();
  expect(world.guard.connections).toBe(1);
  session.destroy();
  await vi.waitFor(() => expect(world.guard.connections).toBe(0));
});

test('a connection whose TLS session was resumed proves nobody, whatever it presents (TX-3)', async () => {
  await using world = await GuardedWorld.start();
  const svid = world.authority.identityOf('spiffe://home.example/caller').x509Svid();
  const full = await rawSession(world, svid);
  expect(await rawRequest(full, {})).toMatchObject({ grpcStatus: '0' });
  expect(world.log.started).toEqual(['unary']);
  // No server of ours resumes a session, so that only what Node says of one can be changed.
  const reused = vi.spyOn(TLSSocket.prototype, 'isSessionReused').mockReturnValue(true);
  const resumed = await rawSession(world, svid);
  const end = await rawRequest(resumed, {});
  reused.mockRestore();
  expect(end).toMatchObject({ grpcStatus: '16' });
  expect(world.events.at(-1)).toMatchObject({ step: 'authentication', code: 'session_resumed' });
  expect(world.log.started).toEqual(['unary']);
  for (const session of [full, resumed]) session.destroy();
});

test.each([
  ['either', 'URI:spiffe://home.example/caller'],
  ['jwt', undefined],
] as const)('mode %s: what a client that has a certificate is asked for', async (accept, presented) => {
  await using world = await GuardedWorld.start({ accept });
  const seen: (string | undefined)[] = [];
  world.interceptors.unshift((_method, call) => {
    const transport = readCallTransport(call);
    seen.push(transport && readTlsSocket(transport.session)?.getPeerX509Certificate()?.subjectAltName);
    return call as ServerInterceptingCall;
  });
  const session = await rawSession(world, world.authority.identityOf('spiffe://home.example/caller').x509Svid());
  await rawRequest(session, {});
  expect(seen).toEqual([presented]);
  session.destroy();
});

test('a session that is drained: calls in flight go on, the next call dials anew', async () => {
  await using world = await GuardedWorld.start();
  const sessions: ServerHttp2Session[] = [];
  world.interceptors.unshift((_method, call) => {
    const transport = readCallTransport(call);
    if (transport) sessions.push(transport.session);
    return call as ServerInterceptingCall;
  });
  const client = world.client();
  const open = client.store.lookup();
  const answer = (): Promise<unknown> => new Promise((resolve) => open.once('data', resolve));
  open.write({ cid: 'before' });
  await answer();
  const [session] = sessions as [ServerHttp2Session];
  const closed = once(session, 'close');
  drainSession(session);
  drainSession(session);
  open.write({ cid: 'after' });
  expect(await answer()).toMatchObject({ cid: 'after' });
  expect((await client.call('unary')).code).toBe(status.OK);
  expect(sessions).toHaveLength(2);
  expect(sessions[1]).not.toBe(session);
  open.end();
  await closed;
  drainSession(session); // nothing is left to be drained
});

const ignore = (): void => undefined;

test.each([
  ['no metadata', { stream: { session: {}, once: ignore } }],
  ['metadata of another kind', { metadata: {}, stream: { session: {}, once: ignore } }],
  ['no stream', { metadata: new Metadata() }],
  ['no session', { metadata: new Metadata(), stream: { once: ignore } }],
  ['a session that is no TLS', { metadata: new Metadata(), stream: { once: ignore, session: { socket: {} } } }],
])('another shape is refused: %s', async (_name, shape) => {
  await using world = await GuardedWorld.start();
  const sent: unknown[] = [];
  const start = vi.fn();
  for (const sendStatus of [
    (end: unknown) => sent.push(end),
    () => {
      throw new Error('cannot be sent'); // then too the handler must not start
    },
  ]) {
    const odd = Object.assign({ sendStatus, start }, shape) as unknown as ServerInterceptingCallInterface;
    const interceptor = createGuardInterceptor(world.guard);
    const method = { path: '/agntcy.dir.search.v1.SearchService/CountRecords', requestStream: false, responseStream: false };
    interceptor(method as Parameters<ServerInterceptor>[0], odd).start({
      onReceiveMetadata: () => undefined,
      onReceiveMessage: () => undefined,
      onReceiveHalfClose: () => undefined,
      onCancel: () => undefined,
    });
    expect(world.events.at(-1)).toMatchObject({ code: 'guard_failed', reasons: ['transport_unreadable'] });
  }
  expect(sent).toMatchObject([{ code: status.INTERNAL }]);
  expect(start).not.toHaveBeenCalled(); // the way to the handler
});
