import { constants } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectPlainly, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { TlsWorld } from './test-support/tls-world.js';

let world: TlsWorld;
beforeAll(async () => {
  world = await TlsWorld.start();
});
afterAll(() => world[Symbol.asyncDispose]());

const refused = (code: string) => expect.objectContaining({ name: 'TlsError', code });

describe('TLS 1.2 does not renegotiate (RFC 9113 §9.2.1)', () => {
  const tls12 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;

  test('as a client', async () => {
    const accepted: TLSSocket[] = [];
    const port = await world.serve({
      ...tls12,
      secureOptions: 0,
      onSocket: (one) => {
        accepted.push(one);
        one.write('x');
      },
    });
    const socket = await world.connect(port, { minVersion: 'TLSv1.2' });
    await once(socket, 'data');
    const [server] = accepted;
    if (server === undefined) throw new Error('there is no connection');
    const renegotiated = vi.fn();
    server.renegotiate({ requestCert: true, rejectUnauthorized: false }, renegotiated);
    server.resume();
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(renegotiated).not.toHaveBeenCalled();
  });

  test('as a server', async () => {
    const port = await world.serve({ ...tls12, onSocket: (socket) => socket.resume() });
    const client = connectPlainly({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    await once(client, 'secureConnect');
    const renegotiated = vi.fn();
    client.renegotiate({ rejectUnauthorized: false }, renegotiated);
    const [error] = (await once(client, 'error')) as [Error];
    expect(error.message).toContain('no renegotiation');
    expect(renegotiated).not.toHaveBeenCalled();
    client.destroy();
  });
});

describe('session resumption', () => {
  test('with a server that offers tickets each connection is a full handshake', async () => {
    const reused: boolean[] = [];
    const port = await world.serve({
      secureOptions: 0,
      onSocket: (socket) => {
        reused.push(socket.isSessionReused());
        socket.end('x');
      },
    });
    for (let connections = 0; connections < 3; connections += 1) {
      const socket = await world.connect(port);
      await once(socket, 'data');
      expect(socket.isSessionReused()).toBe(false);
    }
    expect(reused).toEqual([false, false, false]);
  });

  test('a connection that says it was resumed is refused', async () => {
    const tls = await import('node:tls');
    const port = await world.serve({ secureOptions: 0 });
    const spy = vi.spyOn(tls.TLSSocket.prototype, 'isSessionReused').mockReturnValueOnce(true);
    await expect(world.connect(port)).rejects.toEqual(refused('session_resumed'));
    spy.mockRestore();
    await world.connect(port);
  });

  test('a server with our options resumes nothing, whatever it is offered; one without does', async () => {
    const { connect } = await import('node:tls');
    for (const [secureOptions, resumes] of [
      [constants.SSL_OP_NO_TICKET, false],
      [0, true],
    ] as const) {
      const port = await world.serve({ secureOptions, onSocket: (socket) => socket.end('x') });
      let session: Buffer | undefined;
      const reused: boolean[] = [];
      for (let connections = 0; connections < 2; connections += 1) {
        const options = { port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] };
        const socket = connect({ ...options, ...(session && { session }) });
        socket.on('session', (newest) => {
          session = newest;
        });
        socket.once('secureConnect', () => reused.push(socket.isSessionReused()));
        await once(socket.resume(), 'close');
      }
      expect(reused).toEqual([false, resumes]);
    }
  });
});
