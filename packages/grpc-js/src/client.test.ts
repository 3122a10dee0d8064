import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls';
import { matchAnyOf, matchId, matchPathPrefix } from '@dirgate/spiffe';
import { status } from '@grpc/grpc-js';
import { describe, expect, test, vi } from 'vitest';
import { anyServer, createChannelCredentials } from './index.js';
import { SHAPES } from './test-support/four-shapes.js';
import { GuardedWorld, SERVER_ID } from './test-support/guarded-world.js';

describe.each(SHAPES)('a client and the identity of its server: %s', (shape) => {
  test.each([
    ['the expected one', matchId(SERVER_ID), status.OK],
    ['one of several', matchAnyOf('spiffe://home.example/other', SERVER_ID), status.OK],
    ['any, said aloud', anyServer(), status.OK],
    ['another ID', matchId('spiffe://home.example/other'), status.UNAVAILABLE],
    ['a path that is no segment', matchPathPrefix('spiffe://home.example/direct'), status.UNAVAILABLE],
  ])('%s', async (_name, server, expected) => {
    await using world = await GuardedWorld.start();
    const outcome = await world.client({ server }).call(shape);
    expect(outcome.code).toBe(expected);
    expect(world.log.started).toHaveLength(expected === status.OK ? 1 : 0);
    if (expected !== status.OK) {
      expect(outcome.details).toContain('server_unexpected');
      expect(world.events).toEqual([]); // not a byte of a request has left
    }
  });
});

test('the token does not leave towards an unexpected server', async () => {
  await using world = await GuardedWorld.start();
  const identity = world.authority.identityOf('spiffe://home.example/user');
  const fetch = vi.spyOn(identity, 'fetchJwtSvid');
  const refused = world.client({ identity, present: 'jwt', server: matchId('spiffe://home.example/other') });
  expect((await refused.call('unary')).code).toBe(status.UNAVAILABLE);
  expect(fetch).not.toHaveBeenCalled();
  expect((await world.client({ identity, present: 'jwt' }).call('unary')).code).toBe(status.OK);
  expect(fetch).toHaveBeenCalledOnce();
});

test('a server of a trust domain without a bundle is not spoken to', async () => {
  await using world = await GuardedWorld.start();
  const client = world.client({ id: 'spiffe://stranger.example/x' });
  expect((await client.call('unary')).code).toBe(status.UNAUTHENTICATED); // it knows the server, the server does not know it
  world.authority.unfederate('stranger.example', 'home.example');
  const blind = world.client({ id: 'spiffe://stranger.example/x' });
  const outcome = await blind.call('unary');
  expect(outcome.code).toBe(status.UNAVAILABLE);
  expect(outcome.details).toContain('server_unverified');
});

test('a connection ends when the trust in its server does', async () => {
  await using world = await GuardedWorld.start();
  const client = world.client({ id: 'spiffe://partner.example/reader' });
  expect((await client.call('unary')).code).toBe(status.OK);
  world.authority.unfederate('partner.example', 'home.example');
  await vi.waitFor(async () => {
    const outcome = await client.call('unary');
    expect(outcome.code).toBe(status.UNAVAILABLE);
  });
});

test('without an expected server there are no credentials', async () => {
  await using world = await GuardedWorld.start();
  const identity = world.authority.identityOf('spiffe://home.example/user');
  expect(() => createChannelCredentials({ identity } as unknown as Parameters<typeof createChannelCredentials>[0])).toThrow(
    'anyServer()',
  );
});

test('a client without an SVID of its own fails fast', async () => {
  await using world = await GuardedWorld.start();
  const identity = world.authority.identityOf('spiffe://home.example/user');
  identity.withdraw();
  const outcome = await world.client({ identity }).call('unary');
  expect(outcome.code).toBe(status.UNAVAILABLE);
  expect(outcome.details).toContain('no_identity');
});

describe('hostile servers', () => {
  /** A TCP relay in front of the guarded server, to look at or to break what passes. */
  async function relay(onConnection: (client: Socket) => void): Promise<{ server: NetServer; address: string }> {
    const server = createServer(onConnection);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return { server, address: typeof address === 'object' && address ? `127.0.0.1:${address.port}` : '' };
  }

  test('a plaintext server gets no request', async () => {
    await using world = await GuardedWorld.start();
    const received: Buffer[] = [];
    const { server, address } = await relay((socket) =>
      socket
        .on('data', (chunk) => received.push(chunk))
        .on('error', () => undefined)
        .end('HTTP/1.1 200 OK\r\n\r\n'),
    );
    world.address = address;
    const outcome = await world.client().call('unary');
    expect(outcome.code).toBe(status.UNAVAILABLE);
    expect(Buffer.concat(received).subarray(0, 2).toString('hex')).toBe('1603'); // a TLS ClientHello and nothing else
    expect(Buffer.concat(received).toString('latin1')).not.toContain('PRI * HTTP/2.0');
    server.close();
  });
});

test('TLS: 1.3 only, no resumption; the same after two rotations', async () => {
  await using world = await GuardedWorld.start({ accept: 'either' });
  const [host = '', port] = world.address.split(':');
  const base = { host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['h2'] };
  /** Connects; answers the error code, or whether the session that is offered was resumed, and the newest session. */
  const probe = (options: ConnectionOptions): Promise<{ resumed: boolean; session: Buffer | undefined } | string> =>
    new Promise((resolve) => {
      let session: Buffer | undefined;
      const socket = tlsConnect({ ...base, ...options }, () => {
        setTimeout(() => {
          resolve({ resumed: socket.isSessionReused(), session });
          socket.destroy();
        }, 50);
      });
      socket.on('session', (newest) => {
        session = newest;
      });
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  for (let rotations = 0; rotations <= 2; rotations += 1) {
    const first = await probe({ maxVersion: 'TLSv1.3' });
    expect(first).toMatchObject({ resumed: false });
    const session = typeof first === 'object' ? first.session : undefined;
    expect(await probe({ maxVersion: 'TLSv1.3', ...(session && { session }) })).toMatchObject({ resumed: false });
    expect(typeof (await probe({ maxVersion: 'TLSv1.2' }))).toBe('string');
    world.identity.rotate();
  }
  await using lenient = await GuardedWorld.start({ server: { minVersion: 'TLSv1.2' } });
  const [, lenientPort] = lenient.address.split(':');
  const protocol = await new Promise((resolve, reject) => {
    const socket = tlsConnect({ host, port: Number(lenientPort), rejectUnauthorized: false, maxVersion: 'TLSv1.2' }, () => {
      resolve(socket.getProtocol());
      socket.destroy();
    }).on('error', reject);
  });
  expect(protocol).toBe('TLSv1.2'); // the probe itself can speak it
});
