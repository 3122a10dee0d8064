import {
  Metadata,
  type ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { createGuardInterceptor } from './guard-interceptor.js';
import { GuardedWorld } from './test-support/guarded-world.js';
import { readCallTransport, readTlsSocket } from './transport-seam.js';

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
  const odd = Object.assign(shape, {
    sendStatus: (end: unknown) => sent.push(end),
  }) as unknown as ServerInterceptingCallInterface;
  const interceptor = createGuardInterceptor(world.guard);
  const method = { path: '/agntcy.dir.search.v1.SearchService/CountRecords', requestStream: false, responseStream: false };
  expect(interceptor(method as Parameters<ServerInterceptor>[0], odd)).toBe(odd);
  expect(sent).toMatchObject([{ code: status.INTERNAL }]);
  expect(world.events.at(-1)).toMatchObject({ code: 'guard_failed', reasons: ['transport_unreadable'] });
});
