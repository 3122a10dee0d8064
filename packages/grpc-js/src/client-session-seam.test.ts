import { once } from 'node:events';
import { connect as connectHttp2, createServer } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { expect, test, vi } from 'vitest';
import { drainClientSession } from './client-session-seam.js';
import { GuardedWorld } from './test-support/guarded-world.js';

test('pins Node and grpc-js: after a rotation the next call dials anew, and what is in flight runs out on the old connection', async () => {
  await using world = await GuardedWorld.start();
  const identity = world.authority.identityOf('spiffe://home.example/caller');
  const client = world.client({ identity });
  const open = client.store.lookup();
  const answer = (): Promise<unknown> => new Promise((resolve) => open.once('data', resolve));
  open.write({ cid: 'before' });
  await answer();
  expect(world.guard.connections).toBe(1);
  identity.rotate();
  expect((await client.call('unary')).code).toBe(status.OK);
  expect(world.guard.connections).toBe(2);
  open.write({ cid: 'after' });
  expect(await answer()).toMatchObject({ cid: 'after' });
  expect((await client.call('unary')).code).toBe(status.OK);
  expect(world.guard.connections).toBe(2); // dialled once
  const ended = new Promise((resolve) => open.once('end', resolve));
  open.end();
  await ended;
  await vi.waitFor(() => expect(world.guard.connections).toBe(1)); // the old one is closed, not kept
});

test('a call that has begun and is not sent yet is not lost', async () => {
  await using world = await GuardedWorld.start();
  const identity = world.authority.identityOf('spiffe://home.example/caller');
  const client = world.client({ identity });
  for (let ticks = 0; ticks < 20; ticks += 1) {
    await client.call('unary'); // there is a connection
    const calls = Promise.all([client.call('unary'), client.call('bidi')]);
    for (let passed = 0; passed < ticks; passed += 1) await Promise.resolve();
    identity.rotate(); // somewhere between the call's start and the sending of its headers
    expect((await calls).map(({ code, details }) => [ticks, code, details])).toEqual([
      [ticks, status.OK, ''],
      [ticks, status.OK, ''],
    ]);
  }
});

test('a rotation while a connection is being set up is not lost', async () => {
  await using world = await GuardedWorld.start();
  const identity = world.authority.identityOf('spiffe://home.example/caller');
  const client = world.client({ identity });
  const seen: (string | undefined)[] = [];
  const { connect: begin } = world.guard;
  vi.spyOn(world.guard, 'connect').mockImplementation((facts, ask) => {
    seen.push(Buffer.from(facts.peerChain[0] ?? []).toString('base64'));
    identity.rotate(); // the server has the first call before its client is done with it
    return begin(facts, ask);
  });
  expect((await client.call('unary')).code).toBe(status.OK);
  vi.mocked(world.guard.connect).mockImplementation((facts, ask) => {
    seen.push(Buffer.from(facts.peerChain[0] ?? []).toString('base64'));
    return begin(facts, ask);
  });
  const current = Buffer.from(identity.x509Svid()?.chain[0] ?? []).toString('base64');
  await vi.waitFor(
    async () => {
      expect((await client.call('unary')).code).toBe(status.OK);
      expect(seen.at(-1)).toBe(current);
    },
    { timeout: 3000 },
  );
});

test('there is nobody to tell: no session, or one that nobody listens to', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket: Socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  expect(drainClientSession(socket as TLSSocket)).toBe(false);
  const session = connectHttp2('http://localhost', { createConnection: () => socket });
  await once(session, 'remoteSettings');
  expect(drainClientSession(socket as TLSSocket)).toBe(false);
  session.request({ ':path': '/' }).on('error', () => undefined); // it stays open, and so does the session
  const told = vi.fn(() => session.close()); // as grpc-js does
  session.once('goaway', told);
  await vi.waitFor(() => expect(drainClientSession(socket as TLSSocket)).toBe(true)); // the SETTINGS are acknowledged
  expect(told).toHaveBeenCalledWith(0, 0, Buffer.alloc(0));
  expect(drainClientSession(socket as TLSSocket)).toBe(true); // nothing is left to be done
  expect(told).toHaveBeenCalledOnce();
  session.destroy();
  expect(drainClientSession(socket as TLSSocket)).toBe(false); // it has gone
  server.close();
});
