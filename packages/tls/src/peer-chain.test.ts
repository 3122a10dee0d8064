import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { createServer, connect as tlsConnect } from 'node:tls';
import { parseX509Svid } from '@dirgate/spiffe';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPeerChain } from './peer-chain.js';
import { secureContextOptions } from './secure-context.js';
import { TlsWorld } from './test-support/tls-world.js';

let world: TlsWorld;
beforeAll(async () => {
  world = await TlsWorld.start();
});
afterAll(() => world[Symbol.asyncDispose]());

/** A real handshake; answers what each side read of the other. */
async function chains(clientCert: string | undefined, key: string | Buffer | undefined, version: 'TLSv1.2' | 'TLSv1.3') {
  const served = parseX509Svid(world.authority.trustDomain('home.example').issueX509Svid('spiffe://home.example/server'));
  let read = (_chain: readonly Uint8Array[]): void => undefined;
  const atServer = new Promise<readonly Uint8Array[]>((resolve) => {
    read = resolve;
  });
  const server = createServer(
    { ...secureContextOptions(served, 'TLSv1.2'), maxVersion: version, requestCert: true, rejectUnauthorized: false },
    (socket) => {
      read(readPeerChain(socket));
      socket.on('error', () => undefined).end();
    },
  );
  const port = await world.listen(server);
  const client: TLSSocket = tlsConnect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...(clientCert && { cert: clientCert, key }),
  });
  await new Promise((resolve, reject) => client.once('secureConnect', resolve).once('error', reject));
  const atClient = readPeerChain(client);
  const sent = await atServer;
  client.destroy();
  return { atClient, atServer: sent, served: served.chain };
}

const hex = (chain: readonly Uint8Array[]): string[] => chain.map((der) => Buffer.from(der).toString('base64'));

test.each(['TLSv1.2', 'TLSv1.3'] as const)('the leaf and all intermediates, both roles, %s', async (version) => {
  const svid = parseX509Svid(world.authority.trustDomain('home.example').issueX509Svid('spiffe://home.example/client'));
  const { cert, key } = secureContextOptions(svid);
  const { atClient, atServer, served } = await chains(String(cert), String(key), version);
  expect(served).toHaveLength(3);
  expect(hex(atClient)).toEqual(hex(served));
  expect(hex(atServer)).toEqual(hex(svid.chain));
});

test('a root that was sent too comes once', async () => {
  const home = world.authority.trustDomain('home.example');
  const svid = parseX509Svid(home.issueX509Svid('spiffe://home.example/client'));
  const { cert, key } = secureContextOptions(svid);
  const { atServer } = await chains(`${String(cert)}${home.x509BundlePem()}`, String(key), 'TLSv1.3');
  expect(hex(atServer)).toEqual([...hex(svid.chain), Buffer.from(home.x509BundleDer()).toString('base64')]);
});

test('nothing was sent: nothing is read', async () => {
  const { atServer } = await chains(undefined, undefined, 'TLSv1.3');
  expect(atServer).toEqual([]);
});

test('a chain that goes in circles is walked no further than the verifier looks', () => {
  const circle: { raw: Buffer; issuerCertificate: unknown } = { raw: Buffer.alloc(1), issuerCertificate: undefined };
  circle.issuerCertificate = circle;
  expect(readPeerChain({ getPeerX509Certificate: () => circle as unknown as X509Certificate })).toHaveLength(11);
});
