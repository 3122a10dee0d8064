import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { secureContextOptions } from '@dirgate/tls';
import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { CrowdedIdentity, crowdOf } from './test-support/crowded-identity.js';
import { SHAPES } from './test-support/four-shapes.js';
import { GuardedWorld } from './test-support/guarded-world.js';

const CERTIFICATE = 11;
const CERTIFICATE_REQUEST = 13;

/** What a server says in the clear in a TLS 1.2 handshake, message by message, to a client that presents what `identity` has. */
async function serverMessages(port: number, identity: CrowdedIdentity): Promise<ReadonlyMap<number, Buffer>> {
  const said: Buffer[] = [];
  const link = createServer((client) => {
    const server = dial(port, '127.0.0.1');
    server.on('data', (bytes) => said.push(bytes)).pipe(client);
    client.pipe(server);
    for (const socket of [client, server]) socket.on('error', () => socket.destroy());
  });
  await once(link.listen(0, '127.0.0.1'), 'listening');
  const socket = tlsConnect({
    ...secureContextOptions(identity.x509Svid(), 'TLSv1.2'),
    maxVersion: 'TLSv1.2',
    port: (link.address() as AddressInfo).port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
  });
  await once(socket, 'secureConnect');
  socket.destroy();
  link.close();
  return handshakeMessages(Buffer.concat(said));
}

/** RFC 5246 §6.2.1, §7.4: records up to the first that is no handshake, and the messages in them by type. */
function handshakeMessages(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const records: Buffer[] = [];
  for (let at = 0; bytes[at] === 22; ) {
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    records.push(bytes.subarray(at + 5, end));
    at = end;
  }
  const handshake = Buffer.concat(records);
  const messages = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= handshake.length; ) {
    const end = at + 4 + handshake.readUIntBE(at + 1, 3);
    messages.set(handshake.readUInt8(at), handshake.subarray(at + 4, end));
    at = end;
  }
  return messages;
}

/** The names in a CertificateRequest, as bytes (RFC 5246 §7.4.4): after the certificate types and the signature algorithms. */
function authorityNames(request: Buffer | undefined): Buffer {
  if (request === undefined) throw new Error('no certificate was asked for');
  const algorithms = 1 + request.readUInt8(0);
  const names = algorithms + 2 + request.readUInt16BE(algorithms);
  expect(request.length).toBe(names + 2 + request.readUInt16BE(names));
  return request.subarray(names + 2);
}

describe.each([1500, 20_000])('%i federated trust domains (TX-15)', (size) => {
  test('both roles prove their peer, and one of an unknown trust domain is refused', async () => {
    const crowd = await crowdOf(size);
    expect(crowd.size).toBe(size);
    await using world = await GuardedWorld.start({ around: (identity) => new CrowdedIdentity(identity, crowd) });
    const crowded = (id: string) => new CrowdedIdentity(world.authority.identityOf(id), crowd);
    const federated = world.client({ identity: crowded('spiffe://partner.example/reader') });
    for (const shape of SHAPES) expect((await federated.call(shape)).code).toBe(status.OK);
    expect(world.log.started).toHaveLength(SHAPES.length);
    const unknown = world.client({ identity: crowded('spiffe://stranger.example/reader') });
    expect((await unknown.call('unary')).code).toBe(status.UNAUTHENTICATED);
    world.authority.unfederate('partner.example', 'home.example');
    const blind = await world.client({ identity: crowded('spiffe://partner.example/reader') }).call('unary');
    expect(blind).toMatchObject({ code: status.UNAVAILABLE, details: expect.stringContaining('server_unverified') });
    expect(world.log.started).toHaveLength(SHAPES.length);
  });

  test('a certificate is asked for without the name of any authority, before and after a rotation', async () => {
    const crowd = await crowdOf(size);
    await using world = await GuardedWorld.start({
      server: { minVersion: 'TLSv1.2' },
      around: (identity) => new CrowdedIdentity(identity, crowd),
    });
    const client = new CrowdedIdentity(world.authority.identityOf('spiffe://partner.example/reader'), crowd);
    const port = Number(world.address.slice(world.address.lastIndexOf(':') + 1));
    const before = await serverMessages(port, client);
    expect(authorityNames(before.get(CERTIFICATE_REQUEST))).toHaveLength(0);
    world.identity.rotate();
    const after = await serverMessages(port, client);
    expect(authorityNames(after.get(CERTIFICATE_REQUEST))).toHaveLength(0);
    expect(after.get(CERTIFICATE)).not.toEqual(before.get(CERTIFICATE));
  });

  test('a handshake, a rotation and a change of trust look up those concerned, and none of the others', async () => {
    const crowd = new Map(await crowdOf(size));
    const sources: CrowdedIdentity[] = [];
    const crowded = (...[identity]: ConstructorParameters<typeof CrowdedIdentity>) => {
      const source = new CrowdedIdentity(identity, crowd);
      sources.push(source);
      return source;
    };
    await using world = await GuardedWorld.start({ around: (identity) => crowded(identity, crowd) });
    const clientIdentity = world.authority.identityOf('spiffe://partner.example/reader');
    const client = world.client({ identity: crowded(clientIdentity, crowd) });
    const lookups = async (change: () => void): Promise<string[][]> => {
      for (const { asked } of sources) asked.length = 0;
      change();
      expect((await client.call('unary')).code).toBe(status.OK);
      return sources.map(({ asked }) => [...asked]);
    };
    const [other] = crowd.keys();
    const replaced = (await crowdOf(1)).get(other ?? '');
    const changes = [
      () => undefined,
      () => world.identity.rotate(),
      () => clientIdentity.rotate(),
      () => {
        if (replaced === undefined || other === undefined) throw new Error('nothing to replace');
        crowd.set(other, replaced);
        world.authority.trustDomain('partner.example').rotateX509Authority();
      },
    ];
    for (const change of changes) {
      const [server = [], caller = []] = await lookups(change);
      // The server judges its caller's trust domain and the caller its server's; each may look for its own.
      for (const name of [...server, ...caller]) expect(['home.example', 'partner.example']).toContain(name);
      expect(server.length).toBeGreaterThan(0);
      expect(server.length + caller.length).toBeLessThanOrEqual(10);
    }
  });
});
