import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { matchAnyOf, matchId, matchTrustDomain, parseX509Svid } from '@dirgate/spiffe';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { connectTls } from './connect-tls.js';
import { readPeerChain } from './peer-chain.js';
import { SERVER_ID, TlsWorld } from './test-support/tls-world.js';

let world: TlsWorld;
beforeAll(async () => {
  world = await TlsWorld.start();
});
afterAll(() => world[Symbol.asyncDispose]());

const refused = (code: string) => expect.objectContaining({ name: 'TlsError', code });

/** Bytes that reach a server before the client gives up. */
function received(socket: TLSSocket): Buffer[] {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return chunks;
}

describe('a server that is proven', () => {
  test.each([
    ['the one that was named', matchId(SERVER_ID)],
    ['one of several', matchAnyOf('spiffe://home.example/other', SERVER_ID)],
    ['any of its trust domain', matchTrustDomain('home.example')],
  ])('%s', async (_name, server) => {
    let seen: readonly Uint8Array[] = [];
    const port = await world.serve({
      onSocket: (socket) => {
        seen = readPeerChain(socket);
        socket.end('hello');
      },
    });
    const socket = await world.connect(port, { server });
    const [hello] = (await once(socket, 'data')) as [Buffer];
    expect(hello.toString()).toBe('hello');
    expect(socket.getProtocol()).toBe('TLSv1.3');
    expect(seen.map((der) => Buffer.from(der))).toEqual(world.client.x509Svid()?.chain.map((der) => Buffer.from(der)));
  });

  test('no certificate is presented where none is wanted', async () => {
    let seen: readonly Uint8Array[] | undefined;
    const port = await world.serve({
      onSocket: (socket) => {
        seen = readPeerChain(socket);
        socket.end('x');
      },
    });
    await once(await world.connect(port, { presentSvid: false }), 'data');
    expect(seen).toEqual([]);
  });
});

describe('a server that is refused gets no byte', () => {
  test.each([
    ['another ID', { id: 'spiffe://home.example/other' }, {}, 'server_unexpected'],
    ['a longer path', { id: `${SERVER_ID}/more` }, {}, 'server_unexpected'],
    ['another protocol', { ALPNProtocols: ['http/1.1'] }, { protocol: 'http/1.1x' }, 'handshake_failed'],
    ['no protocol at all', { ALPNProtocols: [] }, {}, 'protocol_mismatch'],
  ] as const)('%s', async (_name, server, client, code) => {
    let chunks: Buffer[] = [];
    const port = await world.serve({
      ...server,
      ...('ALPNProtocols' in server && { ALPNProtocols: [...server.ALPNProtocols] }),
      onSocket: (socket) => {
        chunks = received(socket);
      },
    });
    await expect(world.connect(port, client)).rejects.toEqual(refused(code));
    expect(Buffer.concat(chunks)).toHaveLength(0);
  });

  test('one whose trust domain we do not trust', async () => {
    const port = await world.serve();
    const stranger = world.authority.identityOf('spiffe://partner.example/other');
    vi.spyOn(stranger, 'x509Bundle').mockReturnValue(undefined);
    await expect(world.connect(port, { identity: stranger })).rejects.toEqual(refused('server_unverified'));
    await world.connect(port);
  });

  test('an impostor: our own trust domain’s authority signed an ID of the server’s', async () => {
    const forged = parseX509Svid(world.authority.trustDomain('partner.example').issueForeignX509Svid(SERVER_ID));
    const pem = forged.privateKey.export({ type: 'pkcs8', format: 'pem' });
    const der = Buffer.from(forged.chain[0] ?? []).toString('base64');
    const port = await world.serve({ cert: `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----\n`, key: pem });
    await expect(world.connect(port)).rejects.toEqual(refused('server_unverified'));
  });

  test('one whose certificate has expired', async () => {
    const port = await world.serve();
    await expect(world.connect(port, { clock: () => Date.now() + 3_700_000 })).rejects.toEqual(refused('server_unverified'));
    await expect(world.connect(port, { clock: () => Number.NaN })).rejects.toEqual(refused('server_unverified'));
  });

  test('one that was seen expired, once the clock has jumped back', async () => {
    const port = await world.serve();
    const identity = world.authority.identityOf('spiffe://partner.example/jumper');
    await world.connect(port, { identity });
    const later = { identity, clock: () => Date.now() + 3_700_000 };
    await expect(world.connect(port, later)).rejects.toEqual(refused('server_unverified'));
    await expect(world.connect(port, { identity })).rejects.toEqual(refused('server_unverified'));
    await world.connect(await world.serve(), { identity }); // another certificate of the same server
  });

  test('TLS 1.2, unless asked for', async () => {
    const port = await world.serve({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    await expect(world.connect(port)).rejects.toEqual(refused('handshake_failed'));
    expect((await world.connect(port, { minVersion: 'TLSv1.2' })).getProtocol()).toBe('TLSv1.2');
  });

  test('plaintext', async () => {
    const chunks: Buffer[] = [];
    const port = await world.serveTcp((socket) =>
      socket.on('data', (chunk) => chunks.push(chunk)).write('HTTP/1.1 200 OK\r\n\r\n'),
    );
    await expect(world.connect(port)).rejects.toEqual(refused('handshake_failed'));
    await vi.waitFor(() => expect(Buffer.concat(chunks)[0]).toBe(0x16)); // a ClientHello
  });

  test('one that hangs up, at once or in the handshake', async () => {
    for (const hangUp of [(socket: { destroy(): void }) => socket.destroy(), (socket: NodeJS.WritableStream) => socket.end()]) {
      await expect(world.connect(await world.serveTcp(hangUp))).rejects.toEqual(refused('handshake_failed'));
    }
  });

  test('one that never answers', async () => {
    const port = await world.serveTcp(() => undefined);
    const started = Date.now();
    await expect(world.connect(port, { handshakeTimeoutMs: 100 })).rejects.toThrow('no answer within 100 ms');
    expect(Date.now() - started).toBeLessThan(5000);
  });
});

test('an SVID that OpenSSL cannot present is an error of ours, and nothing is sent', async () => {
  const source = world.authority.identityOf('spiffe://partner.example/other');
  const svid = source.x509Svid();
  const identity = {
    x509Svid: () => svid && { ...svid, chain: [Uint8Array.of(0x30, 0)] },
    x509Bundle: source.x509Bundle.bind(source),
    onChange: source.onChange.bind(source),
  };
  let bytes = 0;
  const port = await world.serveTcp((socket) => socket.on('data', (chunk) => (bytes += chunk.length)));
  await expect(world.connect(port, { identity })).rejects.toEqual(refused('handshake_failed'));
  expect(bytes).toBe(0);
});

test('without an SVID to present nothing is sent, and the stream is closed', async () => {
  const identity = world.authority.identityOf('spiffe://partner.example/other');
  identity.withdraw();
  let bytes = 0;
  const port = await world.serveTcp((socket) => socket.on('data', (chunk) => (bytes += chunk.length)));
  await expect(world.connect(port, { identity })).rejects.toEqual(refused('no_identity'));
  expect(bytes).toBe(0);
});

test('an identity that is withdrawn in the handshake is not used on the connection', async () => {
  let chunks: Buffer[] = [];
  const identity = world.authority.identityOf('spiffe://partner.example/leaver');
  const serve = (inHandshake: () => void): Promise<number> =>
    world.serve({
      ALPNProtocols: undefined,
      ALPNCallback: () => {
        inHandshake();
        return 'h2';
      },
      onSocket: (socket) => {
        chunks = received(socket);
      },
    });
  await world.connect(await serve(() => {}), { identity });
  const withdrawn = vi.fn(() => vi.spyOn(identity, 'x509Svid').mockReturnValue(undefined));
  const port = await serve(withdrawn);
  await expect(world.connect(port, { identity })).rejects.toEqual(refused('no_identity'));
  expect(withdrawn).toHaveBeenCalledOnce();
  expect(Buffer.concat(chunks)).toHaveLength(0);
  await world.connect(port, { identity, presentSvid: false });
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])(
  'a handshake of at most %d ms is refused before anything is sent: such a timer fires at once',
  async (handshakeTimeoutMs) => {
    const port = await world.serve();
    await expect(world.connect(port, { handshakeTimeoutMs })).rejects.toThrow(RangeError);
    await world.connect(port, { handshakeTimeoutMs: 2 ** 31 - 1 });
  },
);

test('an identity source that throws: nothing is sent, and the stream is closed', async () => {
  const identity = world.authority.identityOf('spiffe://partner.example/thrower');
  const chunks: Buffer[] = [];
  const port = await world.serveTcp((socket) => socket.on('data', (chunk) => chunks.push(chunk)));
  const socket = connectTcp({ port, host: '127.0.0.1' });
  vi.spyOn(identity, 'x509Svid').mockImplementation(() => {
    throw new Error('broken');
  });
  const connecting = connectTls({ socket, identity, server: matchId(SERVER_ID), presentSvid: true, protocol: 'h2' });
  await expect(connecting).rejects.toThrow('broken');
  expect(socket.destroyed).toBe(true);
  expect(chunks).toEqual([]);
});

test('the stream of a refused server is destroyed', async () => {
  const port = await world.serve({ id: 'spiffe://home.example/other' });
  const { connect } = await import('node:net');
  const socket = connect({ port, host: '127.0.0.1' });
  const closed = once(socket, 'close');
  const options = { socket, identity: world.client, server: matchId(SERVER_ID), presentSvid: true, protocol: 'h2' };
  await expect(connectTls(options)).rejects.toEqual(refused('server_unexpected'));
  await closed;
  await expect(connectTls(options)).rejects.toEqual(refused('handshake_failed')); // a stream that is gone already
});

test('messages hold no certificate text', async () => {
  const port = await world.serve({ id: 'spiffe://home.example/other' });
  const error = await world.connect(port).catch((thrown: unknown) => thrown);
  expect(String(error)).not.toMatch(/BEGIN|MII/);
  expect(String(error)).toContain('expected');
});
