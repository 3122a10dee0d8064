import type { Connection } from '@dirgate/guard';
import { type IdentitySource, parseTrustDomain, parseX509Svid } from '@dirgate/spiffe';
import { secureContextOptions } from '@dirgate/tls';
import { type ChannelCredentials, type ChannelOptions, experimental, status } from '@grpc/grpc-js';
import { describe, expect, test, vi } from 'vitest';
import { ShapesClient } from './test-support/four-shapes.js';
import { GuardedWorld } from './test-support/guarded-world.js';
import { Load } from './test-support/load.js';

/** Credentials of grpc-js itself, kept current by its own certificate provider; they know nothing of dialling anew. */
function stockCredentials(identity: IdentitySource): ChannelCredentials {
  const pem = (der: Uint8Array): string =>
    `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`;
  const provider: Parameters<typeof experimental.createCertificateProviderChannelCredentials>[0] = {
    addCaCertificateListener: (listener) => {
      const tell = (): void => {
        const authorities = identity.x509Bundle(parseTrustDomain('home.example'))?.authorities ?? [];
        listener({ caCertificate: Buffer.from(authorities.map(({ der }) => pem(der)).join('')) });
      };
      identity.onChange(tell);
      tell();
    },
    removeCaCertificateListener: () => undefined,
    addIdentityCertificateListener: (listener) => {
      const tell = (): void => {
        const { cert, key } = secureContextOptions(identity.x509Svid());
        listener(cert && key ? { certificate: Buffer.from(String(cert)), privateKey: Buffer.from(String(key)) } : null);
      };
      identity.onChange(tell);
      tell();
    },
    removeIdentityCertificateListener: () => undefined,
  };
  return experimental.createCertificateProviderChannelCredentials(provider, provider, { checkServerIdentity: () => undefined });
}

/** What every gRPC client does by default; and Node 26 takes no address for a server name. */
const STOCK: ChannelOptions = { 'grpc.enable_retries': 1, 'grpc.ssl_target_name_override': 'directory.test' };

/** The connections that a guard was told of. */
function watchConnections(world: GuardedWorld): Connection[] {
  const connections: Connection[] = [];
  const { connect } = world.guard;
  vi.spyOn(world.guard, 'connect').mockImplementation((...facts) => {
    const connection = connect(...facts);
    connections.push(connection);
    return connection;
  });
  return connections;
}

const TTL_MS = 6000;
const ROTATE_MS = 1500;

/** Loads a server for two lifetimes while both sides rotate four times in each. */
async function acrossRotations(world: GuardedWorld, client: (identity: IdentitySource) => ShapesClient) {
  const connections = watchConnections(world);
  const identity = world.authority.identityOf('spiffe://partner.example/foreign');
  const rotating = setInterval(() => {
    identity.rotate();
    world.identity.rotate();
  }, ROTATE_MS);
  const load = new Load(client(identity));
  await new Promise((resolve) => setTimeout(resolve, 2 * TTL_MS));
  clearInterval(rotating);
  await load.stop();
  return { calls: load.calls, failed: load.failed, connections: connections.length };
}

// It does what every gRPC client does by default: sends again, once, what the server refused without processing.
describe.concurrent('a client of grpc-js itself loses no call, and none is run twice, when', () => {
  test.concurrent.each([
    ['its own SVIDs are short-lived', { partnerTtlMs: TTL_MS }],
    ['those of the server are', { homeTtlMs: TTL_MS }],
  ])('%s', async (_name, ttl) => {
    await using world = await GuardedWorld.start({ accept: 'x509', ...ttl });
    let client: ShapesClient | undefined;
    const { calls, failed, connections } = await acrossRotations(world, (identity) => {
      client = new ShapesClient(world.address, stockCredentials(identity), STOCK);
      return client;
    });
    client?.close();
    expect(failed.slice(0, 3)).toEqual([]);
    expect(calls).toBeGreaterThan(20);
    expect(world.log.started).toHaveLength(calls);
    expect(connections).toBeGreaterThanOrEqual(3); // of one channel: it dialled anew twice
    world.server.forceShutdown();
    await vi.waitFor(() => expect(world.guard.connections).toBe(0));
  });
});

describe.concurrent('a client of ours loses no call, without any retry, and none is run twice, when', () => {
  test.concurrent.each([
    ['its own SVIDs are short-lived', { partnerTtlMs: TTL_MS }, {}],
    ['those of the server are', { homeTtlMs: TTL_MS }, { present: 'jwt' }],
    ['all are', { homeTtlMs: TTL_MS, partnerTtlMs: TTL_MS }, { present: 'both' }],
  ] as const)('%s', async (_name, ttl, options) => {
    await using world = await GuardedWorld.start(ttl);
    const { calls, failed, connections } = await acrossRotations(world, (identity) => world.client({ identity, ...options }));
    expect(failed.slice(0, 3)).toEqual([]);
    expect(calls).toBeGreaterThan(20);
    expect(world.log.started).toHaveLength(calls);
    expect(connections).toBeGreaterThanOrEqual(3);
    world.server.forceShutdown();
    await vi.waitFor(() => expect(world.guard.connections).toBe(0));
  });
});

test('a client that was refused for an old SVID is served without a restart once it has a new one', async () => {
  await using world = await GuardedWorld.start({ accept: 'x509' });
  const connections = watchConnections(world);
  const identity = world.authority.identityOf('spiffe://home.example/foreign');
  const issued = world.authority.trustDomain('home.example').issueX509Svid('spiffe://home.example/foreign', {
    expiresAt: Date.now() - 60_000,
  });
  const current = vi.spyOn(identity, 'x509Svid').mockReturnValue(parseX509Svid(issued));
  const client = new ShapesClient(world.address, stockCredentials(identity), STOCK);
  expect((await client.call('unary')).code).toBe(status.UNAUTHENTICATED);
  expect(world.events.at(-1)).toMatchObject({ code: 'certificate_invalid', reasons: ['certificate_expired'] });
  current.mockRestore();
  identity.rotate();
  expect((await client.call('unary')).code).toBe(status.UNAUTHENTICATED); // it keeps the connection, as TLS accepted it
  await vi.waitFor(async () => expect((await client.call('unary')).code).toBe(status.OK), { timeout: 5000 });
  expect(connections).toHaveLength(2);
  client.close();
});
