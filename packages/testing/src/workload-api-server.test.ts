import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { clientConstructor, type GrpcJsClient } from '@dirgate/service-definition';
import { SpiffeWorkloadAPI, type X509SVIDResponse } from '@dirgate/workload-api';
import { type ClientReadableStream, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createIdentityAuthority, type IdentityAuthority } from './identity-authority.js';
import type { ServedWorkload } from './served-workload.js';

// A client that shares nothing with @dirgate/workload-api but the generated code.
const Client = clientConstructor(SpiffeWorkloadAPI);
const ID = 'spiffe://a.example/agent/a1';

let authority: IdentityAuthority;
let served: ServedWorkload;
let client: GrpcJsClient<typeof SpiffeWorkloadAPI>;

function header(value = 'true'): Metadata {
  const metadata = new Metadata();
  metadata.set('workload.spiffe.io', value);
  return metadata;
}

/** Messages one by one, then the status. */
function read<Message>(stream: ClientReadableStream<Message>): { next(): Promise<Message>; status: Promise<number> } {
  const iterator = stream[Symbol.asyncIterator]();
  const ended = new Promise<number>((resolve) => stream.on('status', ({ code }) => resolve(code)));
  stream.on('error', () => {});
  return {
    status: ended,
    next: async () => {
      const { value, done } = await iterator.next();
      if (done) throw new Error('the stream ended');
      return value;
    },
  };
}

function unary<Response>(
  start: (callback: (error: ServiceError | null, response?: Response) => void) => void,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    start((error, response) => (error || !response ? reject(error) : resolve(response)));
  });
}

beforeEach(async () => {
  authority = await createIdentityAuthority({
    trustDomains: [{ name: 'a.example', federatesWith: ['b.example'], intermediates: 1 }, { name: 'b.example' }],
  });
  served = await authority.serveWorkloadApi({ id: [ID, 'spiffe://a.example/second'] });
  client = new Client(served.address, credentials.createInsecure());
});

afterEach(async () => {
  client.close();
  await authority.close();
});

describe('security header (W-27)', () => {
  test.each([new Metadata(), header('True'), header('false')])('a stream without it is refused', async (metadata) => {
    expect(await read(client.fetchX509SVID({}, metadata)).status).toBe(status.INVALID_ARGUMENT);
    expect(await read(client.fetchX509Bundles({}, metadata)).status).toBe(status.INVALID_ARGUMENT);
    expect(await read(client.fetchJWTBundles({}, metadata)).status).toBe(status.INVALID_ARGUMENT);
    expect(served.callCount('FetchX509SVID')).toBe(0);
  });

  test('a unary call without it is refused', async () => {
    const fetch = unary((done) => client.fetchJWTSVID({ audience: ['a'] }, done));
    await expect(fetch).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    const validate = unary((done) => client.validateJWTSVID({ audience: 'a', svid: 'x' }, done));
    await expect(validate).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });
});

describe('X.509', () => {
  test('the first response is the whole state', async () => {
    const stream = client.fetchX509SVID({}, header());
    const message = await read(stream).next();
    stream.cancel();
    expect(message.svids.map(({ spiffeId }) => spiffeId)).toEqual([ID, 'spiffe://a.example/second']);
    expect(Object.keys(message.federatedBundles)).toEqual(['spiffe://b.example']);
    const [svid] = message.svids;
    expect(Buffer.from(svid?.bundle ?? [])).toEqual(Buffer.from(authority.trustDomain('a.example').x509BundleDer()));
    expect(new X509Certificate(svid?.x509Svid ?? Buffer.alloc(0)).subjectAltName).toBe(`URI:${ID}`);
  });

  test('rotation of our CA, of a federated CA and of the SVID, and the end of a federation are pushed, full state each time', async () => {
    const stream = client.fetchX509SVID({}, header());
    const messages = read(stream);
    const first = await messages.next();
    const chainOf = ({ svids }: X509SVIDResponse) => Buffer.from(svids[0]?.x509Svid ?? []).toString('hex');

    authority.trustDomain('a.example').rotateX509Authority();
    const second = await messages.next();
    expect(chainOf(second)).not.toBe(chainOf(first));
    expect(second.svids[0]?.bundle.length).toBeGreaterThan(first.svids[0]?.bundle.length ?? 0);

    authority.trustDomain('b.example').rotateX509Authority();
    const third = await messages.next();
    expect(chainOf(third)).toBe(chainOf(second));
    expect(third.federatedBundles['spiffe://b.example']).not.toEqual(second.federatedBundles['spiffe://b.example']);

    await served.rotate();
    const fourth = await messages.next();
    expect(chainOf(fourth)).not.toBe(chainOf(third));

    authority.unfederate('a.example', 'b.example');
    const fifth = await messages.next();
    expect(fifth.federatedBundles).toEqual({});
    expect(fifth.svids).toHaveLength(2);
    stream.cancel();
  });

  test('bundles alone: own and federated', async () => {
    const stream = client.fetchX509Bundles({}, header());
    const { bundles } = await read(stream).next();
    expect(Object.keys(bundles).sort()).toEqual(['spiffe://a.example', 'spiffe://b.example']);
    stream.cancel();
  });
});

describe('JWT', () => {
  test('all identities, unless one is named', async () => {
    const all = await unary<{ svids: { spiffeId: string }[] }>((done) =>
      client.fetchJWTSVID({ audience: ['x'] }, header(), done),
    );
    expect(all.svids.map(({ spiffeId }) => spiffeId)).toEqual([ID, 'spiffe://a.example/second']);
    const request = { audience: ['x'], spiffeId: 'spiffe://a.example/second' };
    const one = await unary<{ svids: { spiffeId: string }[] }>((done) => client.fetchJWTSVID(request, header(), done));
    expect(one.svids.map(({ spiffeId }) => spiffeId)).toEqual(['spiffe://a.example/second']);
  });

  test.each([
    [{ audience: [] }, status.INVALID_ARGUMENT],
    [{ audience: ['x'], spiffeId: 'nonsense' }, status.INVALID_ARGUMENT],
    [{ audience: ['x'], spiffeId: 'spiffe://a.example/other' }, status.PERMISSION_DENIED],
  ])('%j is refused', async (request, code) => {
    await expect(unary((done) => client.fetchJWTSVID(request, header(), done))).rejects.toMatchObject({ code });
  });

  test('a token is validated for its audience only', async () => {
    const svid = await authority
      .trustDomain('b.example')
      .issueJwtSvid('spiffe://b.example/x', { audience: 'me', claims: { n: 1 } });
    const validate = (audience: string) =>
      unary<{ spiffeId: string; claims?: unknown }>((done) => client.validateJWTSVID({ audience, svid }, header(), done));
    expect(await validate('me')).toMatchObject({
      spiffeId: 'spiffe://b.example/x',
      claims: { n: 1, sub: 'spiffe://b.example/x' },
    });
    await expect(validate('you')).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    await expect(validate('')).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  test('new keys are pushed', async () => {
    const stream = client.fetchJWTBundles({}, header());
    const messages = read(stream);
    const keysOf = (bytes: Uint8Array | undefined) => JSON.parse(Buffer.from(bytes ?? []).toString()).keys.length;
    expect(keysOf((await messages.next()).bundles['spiffe://a.example'])).toBe(1);
    authority.trustDomain('a.example').rotateJwtAuthority();
    const second = await messages.next();
    expect(keysOf(second.bundles['spiffe://a.example'])).toBe(2);
    expect(keysOf(second.bundles['spiffe://b.example'])).toBe(1);
    stream.cancel();
  });
});

describe('withdrawal', () => {
  test('ends open streams and refuses new calls with PERMISSION_DENIED, until given back', async () => {
    const open = read(client.fetchX509SVID({}, header()));
    await open.next();
    await served.withdraw();
    expect(await open.status).toBe(status.PERMISSION_DENIED);
    expect(await read(client.fetchJWTBundles({}, header())).status).toBe(status.PERMISSION_DENIED);
    const fetch = unary((done) => client.fetchJWTSVID({ audience: ['a'] }, header(), done));
    await expect(fetch).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
    await served.restore();
    const stream = client.fetchX509SVID({}, header());
    expect((await read(stream).next()).svids).toHaveLength(2);
    stream.cancel();
  });
});

test('WIT-SVIDs are not served', async () => {
  expect(await read(client.fetchWITSVID({}, header())).status).toBe(status.UNIMPLEMENTED);
  expect(await read(client.fetchWITBundles({}, header())).status).toBe(status.UNIMPLEMENTED);
});

test('closing removes the sockets and their directory', async () => {
  const path = served.address.slice('unix://'.length);
  expect(existsSync(path)).toBe(true);
  await authority.close();
  expect(existsSync(path)).toBe(false);
  expect(existsSync(path.slice(0, path.lastIndexOf('/')))).toBe(false);
  await expect(authority.serveWorkloadApi({ id: ID })).rejects.toThrow('closed');
});

test('what begins to be served while the authority closes does not outlive it', async () => {
  const serving = authority.serveWorkloadApi({ id: ID, address: 'tcp://127.0.0.1:0' });
  const refused = expect(serving).rejects.toThrow('closed');
  await authority.close();
  await refused;
});

test('a TCP address is served too', async () => {
  const tcp = await authority.serveWorkloadApi({ id: ID, address: 'tcp://127.0.0.1:0' });
  expect(tcp.address).toMatch(/^tcp:\/\/127\.0\.0\.1:[1-9][0-9]*$/);
  const tcpClient = new Client(tcp.address.slice('tcp://'.length), credentials.createInsecure());
  const stream = tcpClient.fetchX509SVID({}, header());
  expect((await read(stream).next()).svids[0]?.spiffeId).toBe(ID);
  stream.cancel();
  tcpClient.close();
  await expect(authority.serveWorkloadApi({ id: ID, address: '/tmp/x.sock' })).rejects.toThrow(RangeError);
});

test('SVIDs are renewed and pushed at half of their life', async () => {
  const quick = await createIdentityAuthority({ trustDomains: [{ name: 'a.example', x509SvidTtlMs: 200 }] });
  const renewed = await quick.serveWorkloadApi({ id: ID });
  const renewedClient = new Client(renewed.address, credentials.createInsecure());
  const stream = renewedClient.fetchX509SVID({}, header());
  const messages = read(stream);
  const first = await messages.next();
  const second = await messages.next();
  expect(second.svids[0]?.x509Svid).not.toEqual(first.svids[0]?.x509Svid);
  stream.cancel();
  renewedClient.close();
  await quick.close();
});
