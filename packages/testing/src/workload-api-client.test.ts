import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseSpiffeId, parseTrustDomain, verifyJwtSvid, verifyX509Svid } from '@dirgate/spiffe';
import {
  type ConnectWorkloadApiOptions,
  connectWorkloadApi,
  type WorkloadApi,
  type X509SVID,
  type X509SVIDResponse,
} from '@dirgate/workload-api';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createIdentityAuthority, type IdentityAuthority } from './identity-authority.js';
import type { ServedWorkload } from './served-workload.js';
import { eventually } from './test-support/eventually.js';
import { RecordingLogger } from './test-support/recording-logger.js';
import { WorkloadApiRefusal } from './workload-api-refusal.js';

const A = parseTrustDomain('a.example');
const B = parseTrustDomain('b.example');
const C = parseTrustDomain('c.example');
const ID = 'spiffe://a.example/agent/a1';
const QUICK = { backoff: { initialMs: 5, maxMs: 20 } } as const;

let authority: IdentityAuthority;
let served: ServedWorkload;
let logger: RecordingLogger;
const opened: WorkloadApi[] = [];

async function connect(options: ConnectWorkloadApiOptions = {}): Promise<WorkloadApi> {
  const api = await connectWorkloadApi({ address: served.address, logger, ...QUICK, ...options });
  opened.push(api);
  return api;
}

function serialsOf(api: WorkloadApi): string | undefined {
  const [leaf] = api.x509Svid()?.chain ?? [];
  return leaf && Buffer.from(leaf).toString('hex');
}

beforeEach(async () => {
  logger = new RecordingLogger();
  authority = await createIdentityAuthority({
    trustDomains: [
      { name: 'a.example', federatesWith: ['b.example', 'c.example'], intermediates: 1 },
      { name: 'b.example' },
      { name: 'c.example' },
    ],
  });
  served = await authority.serveWorkloadApi({ id: ID });
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((api) => api.close()));
  await authority.close();
  vi.unstubAllEnvs();
});

describe('first update', () => {
  test('brings SVID and bundles that belong together', async () => {
    const api = await connect();
    const svid = api.x509Svid();
    expect(svid?.id.toString()).toBe(ID);
    expect(api.x509Svids()).toEqual([svid]);
    expect(verifyX509Svid(svid?.chain ?? [], api, { now: Date.now(), usage: 'server' }).id.toString()).toBe(ID);
    const token = await authority.trustDomain('b.example').issueJwtSvid('spiffe://b.example/x', { audience: 'me' });
    expect(verifyJwtSvid(token, api, { audience: ['me'], now: Date.now() }).id.toString()).toBe('spiffe://b.example/x');
    expect(api.x509Bundle(parseTrustDomain('d.example'))).toBeUndefined();
    expect(logger.lines).toEqual([]);
  });

  test('the environment names the endpoint, and the option wins over it (W-3)', async () => {
    vi.stubEnv('SPIFFE_ENDPOINT_SOCKET', served.address);
    const api = await connectWorkloadApi();
    opened.push(api);
    expect(api.x509Svid()?.id.toString()).toBe(ID);
    vi.stubEnv('SPIFFE_ENDPOINT_SOCKET', 'unix:///nowhere/at/all.sock');
    expect((await connect()).address).toBe(served.address);
  });

  test('over TCP too, and never through a proxy', async () => {
    vi.stubEnv('grpc_proxy', 'http://127.0.0.1:1');
    const tcp = await authority.serveWorkloadApi({ id: ID, address: 'tcp://127.0.0.1:0' });
    expect((await connect({ address: tcp.address })).x509Svid()?.id.toString()).toBe(ID);
  });

  test('messages beyond 4 MiB are taken, up to the limit; crl is carried and ignored (W-24)', async () => {
    const crl = [Buffer.alloc(5 * 1024 * 1024)];
    served.inject({ x509Svids: (message) => ({ ...message, crl }) });
    expect((await connect()).x509Svid()).toBeDefined();
    await expect(connect({ maxResponseBytes: 4 * 1024 * 1024, firstUpdateTimeoutMs: 300 })).rejects.toMatchObject({
      message: expect.stringContaining('RESOURCE_EXHAUSTED'),
    });
  });

  test('all identities are there, the default one first; empty hints are no duplicates (W-17, W-18)', async () => {
    const ids = ['spiffe://a.example/z', ID, 'spiffe://a.example/b'];
    const several = await authority.serveWorkloadApi({ id: ids });
    const api = await connect({ address: several.address });
    expect(api.x509Svids().map(({ id }) => id.toString())).toEqual(ids);
    expect(api.x509Svid()).toBe(api.x509Svids()[0]);
  });

  test('neither of them fails at once with the remedy', async () => {
    vi.stubEnv('SPIFFE_ENDPOINT_SOCKET', undefined);
    await expect(connectWorkloadApi()).rejects.toMatchObject({
      code: 'address_missing',
      message: expect.stringContaining('SPIFFE_ENDPOINT_SOCKET=unix:///'),
    });
  });

  test('a path that is no socket fails at once', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'dirgate-'));
    await writeFile(join(directory, 'file'), '');
    await expect(connect({ address: `unix://${directory}` })).rejects.toMatchObject({ code: 'address_not_a_socket' });
    await expect(connect({ address: `unix://${directory}/file` })).rejects.toMatchObject({
      code: 'address_not_a_socket',
      message: expect.stringContaining('regular file'),
    });
    await rm(directory, { recursive: true });
  });

  test('a socket that is not there in time is named with the last cause', async () => {
    const rejected = connect({ address: 'unix:///nowhere/agent.sock', firstUpdateTimeoutMs: 300 });
    await expect(rejected).rejects.toMatchObject({
      code: 'first_update_timeout',
      message: expect.stringMatching(/unix:\/\/\/nowhere\/agent\.sock .*300 ms.*UNAVAILABLE.*ENOENT/),
    });
  });

  test('a logger that throws ends nothing', async () => {
    const fail = (): never => {
      throw new Error('no disk space');
    };
    const api = await connect({ logger: { info: fail, warn: fail, error: fail } });
    const before = serialsOf(api);
    api.onChange(fail);
    served.inject({ x509Svids: () => ({ svids: [] }) });
    served.inject({});
    served.endStreams();
    await served.rotate();
    await eventually(api, () => serialsOf(api) !== before);
  });

  test('a socket that comes later is found', async () => {
    const { address } = served;
    await served.close();
    const connecting = connect({ address });
    await logger.reported('UNAVAILABLE');
    served = await authority.serveWorkloadApi({ id: ID, address });
    expect((await connecting).x509Svid()?.id.toString()).toBe(ID);
  });

  test('an endpoint that accepts and says nothing is left and tried again', async () => {
    served.inject({ x509Svids: () => undefined });
    const connecting = connect({ responseTimeoutMs: 100 });
    await logger.reported('no answer within 100 ms');
    served.inject({});
    expect((await connecting).x509Svid()).toBeDefined();
  });

  test('no identity yet: retried (W-8), and said so at the end', async () => {
    await served.withdraw();
    const rejected = connect({ firstUpdateTimeoutMs: 200 });
    await expect(rejected).rejects.toMatchObject({
      code: 'first_update_timeout',
      message: expect.stringMatching(/PERMISSION_DENIED.*registration entry/),
    });
    expect(served.callCount('FetchX509SVID')).toBeGreaterThan(1);
    const connecting = connect();
    await served.restore();
    expect((await connecting).x509Svid()).toBeDefined();
  });

  test('INVALID_ARGUMENT is final (W-7)', async () => {
    served.inject({
      x509Svids: () => {
        throw new WorkloadApiRefusal(status.INVALID_ARGUMENT, 'no');
      },
    });
    await expect(connect()).rejects.toMatchObject({ code: 'request_refused' });
    expect(served.callCount('FetchX509SVID')).toBe(1);
  });

  test('one profile that is switched off does not hinder the other, unless it was asked for (W-9, W-29)', async () => {
    const off = (): never => {
      throw new WorkloadApiRefusal(status.UNIMPLEMENTED, 'off');
    };
    served.inject({ jwtBundles: off });
    const x509Only = await connect();
    expect(x509Only.x509Svid()).toBeDefined();
    await expect(connect({ need: ['jwt'] })).rejects.toMatchObject({ code: 'not_supported' });
    served.inject({ x509Svids: off });
    const jwtOnly = await connect();
    expect(jwtOnly.x509Svid()).toBeUndefined();
    expect(jwtOnly.jwtBundle(A)).toBeDefined();
    served.inject({ x509Svids: off, jwtBundles: off });
    await expect(connect()).rejects.toMatchObject({ code: 'not_supported' });
  });

  test('aborting ends the waiting', async () => {
    served.inject({ x509Svids: () => undefined });
    const controller = new AbortController();
    const connecting = connect({ signal: controller.signal });
    controller.abort();
    await expect(connecting).rejects.toMatchObject({ code: 'aborted' });
    await expect(connect({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
  });

  test.each([
    { firstUpdateTimeoutMs: -1 },
    { withdrawGraceMs: Number.NaN },
    { need: [] },
    { backoff: { maxMs: 2 ** 31 } },
    { backoff: { initialMs: 0 } },
  ])('%j is refused', async (options) => {
    await expect(connect(options)).rejects.toMatchObject({ code: 'option_invalid' });
  });
});

describe('updates', () => {
  test('a new CA brings a new SVID and a new bundle, and leaves the objects of other trust domains alone', async () => {
    const api = await connect();
    const before = { svid: api.x509Svid(), a: api.x509Bundle(A), b: api.x509Bundle(B), jwtA: api.jwtBundle(A) };
    authority.trustDomain('a.example').rotateX509Authority();
    await eventually(api, () => api.x509Svid() !== before.svid);
    expect(api.x509Bundle(A)?.authorities).toHaveLength(2);
    expect(api.x509Bundle(A)).not.toBe(before.a);
    expect(api.x509Bundle(B)).toBe(before.b);
    expect(api.jwtBundle(A)).toBe(before.jwtA);
  });

  test("a partner's new CA does not touch our SVID", async () => {
    const api = await connect();
    const before = { svid: api.x509Svid(), a: api.x509Bundle(A), b: api.x509Bundle(B) };
    authority.trustDomain('b.example').rotateX509Authority();
    await eventually(api, () => api.x509Bundle(B) !== before.b);
    expect(api.x509Svid()).toBe(before.svid);
    expect(api.x509Bundle(A)).toBe(before.a);
  });

  test('omission is removal, of X.509 and JWT bundles (W-13, TW-3)', async () => {
    const api = await connect();
    authority.unfederate('a.example', 'b.example');
    await eventually(api, () => !api.x509Bundle(B) && !api.jwtBundle(B));
    expect(api.x509Bundle(C)).toBeDefined();
    expect(api.jwtBundle(C)).toBeDefined();
  });

  test('JWT keys rotate and retire', async () => {
    const api = await connect();
    const [old] = api.jwtBundle(B)?.keyIds ?? [];
    authority.trustDomain('b.example').rotateJwtAuthority();
    await eventually(api, () => api.jwtBundle(B)?.keyIds.length === 2);
    authority.trustDomain('b.example').retireJwtAuthorities();
    await eventually(api, () => api.jwtBundle(B)?.keyIds.length === 1);
    expect(api.jwtBundle(B)?.keyIds).not.toContain(old);
  });

  test('a message that changes nothing is not told', async () => {
    const api = await connect();
    let told = 0;
    api.onChange(() => told++);
    const before = serialsOf(api);
    served.inject({});
    await served.rotate();
    await eventually(api, () => serialsOf(api) !== before);
    expect(told).toBe(1);
  });

  test('a listener that throws hinders nobody', async () => {
    const api = await connect();
    api.onChange(() => {
      throw new Error('mine');
    });
    const before = api.x509Svid();
    await served.rotate();
    await eventually(api, () => api.x509Svid() !== before);
    expect(logger.has('mine')).toBe(true);
  });
});

describe('messages that cannot be used', () => {
  const other = 'spiffe://a.example/other';

  // Each changes one thing of a correct message; the barrier afterwards proves that the message was seen.
  const bad: Record<string, (message: X509SVIDResponse) => X509SVIDResponse> = {
    'no SVID': (message) => ({ ...message, svids: [] }),
    'garbage for a chain': (message) => changed(message, { x509Svid: Buffer.from('garbage') }),
    'no chain': (message) => changed(message, { x509Svid: Buffer.alloc(0) }),
    'a truncated chain': (message) => changed(message, { x509Svid: firstOf(message).x509Svid.subarray(0, -1) }),
    'garbage for a key': (message) => changed(message, { x509SvidKey: Buffer.from('garbage') }),
    'no key': (message) => changed(message, { x509SvidKey: Buffer.alloc(0) }),
    'the key of another': (message) => changed(message, { x509SvidKey: issue(other).privateKey }),
    'garbage for our bundle': (message) => changed(message, { bundle: Buffer.from('garbage') }),
    'no bundle': (message) => changed(message, { bundle: Buffer.alloc(0) }),
    "a partner's bundle for ours": (message) => changed(message, { bundle: authority.trustDomain('b.example').x509BundleDer() }),
    'an ID that the certificate does not have': (message) => changed(message, { spiffeId: other }),
    'no ID': (message) => changed(message, { spiffeId: '' }),
    'an expired SVID': (message) => {
      const { chain, privateKey } = authority.trustDomain('a.example').issueX509Svid(ID, { expiresAt: Date.now() - 1000 });
      return changed(message, { x509Svid: chain, x509SvidKey: privateKey });
    },
    'a second SVID that is broken': (message) => ({
      ...message,
      svids: [...message.svids, { ...firstOf(message), x509SvidKey: Buffer.from('garbage') }],
    }),
    'too many SVIDs': (message) => ({ ...message, svids: Array.from({ length: 101 }, () => firstOf(message)) }),
    'too many bundles': (message) => ({
      ...message,
      federatedBundles: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`spiffe://td${i}`, Buffer.from('x')])),
    }),
  };

  function firstOf({ svids }: X509SVIDResponse): X509SVID {
    const [first] = svids;
    if (!first) throw new Error('the authority serves no SVID');
    return first;
  }

  function issue(id: string) {
    return authority.trustDomain('a.example').issueX509Svid(id);
  }

  function changed(message: X509SVIDResponse, fields: Partial<X509SVID>): X509SVIDResponse {
    return { ...message, svids: [{ ...firstOf(message), ...fields }] };
  }

  test('each is discarded whole, the state before it stays, and the next good one counts (TW-2, X-24)', async () => {
    const api = await connect({ maxBundles: 50 });
    for (const [name, fault] of Object.entries(bad)) {
      const before = api.x509Svid();
      const bundle = api.x509Bundle(A);
      const lines = logger.lines.length;
      let told = 0;
      const stop = api.onChange(() => told++);
      served.inject({ x509Svids: fault });
      served.inject({ x509Svids: (message) => ({ ...message, federatedBundles: {} }) });
      await eventually(api, () => !api.x509Bundle(B));
      stop();
      expect([name, told]).toEqual([name, 1]);
      expect([name, api.x509Svid() === before, api.x509Bundle(A) === bundle]).toEqual([name, true, true]);
      const reports = logger.lines.slice(lines).filter((line) => line.includes('discarded'));
      expect([name, reports.length]).toEqual([name, 1]);
      served.inject({});
      await eventually(api, () => api.x509Bundle(B) !== undefined);
    }
    expect(served.callCount('FetchX509SVID')).toBe(1);
  });

  test('no report holds key or certificate text', async () => {
    const api = await connect();
    served.inject({ x509Svids: (message) => changed(message, { x509SvidKey: Buffer.from('secret garbage') }) });
    served.inject({});
    await logger.reported('discarded');
    expect(logger.lines.join('\n')).not.toContain('secret');
    expect(api.x509Svid()).toBeDefined();
  });

  test('garbage in one federated bundle costs that trust domain alone, in a message with our own rotation (TW-7)', async () => {
    const api = await connect();
    const before = { serial: serialsOf(api), c: api.x509Bundle(C) };
    served.inject({
      x509Svids: (message) => ({
        ...message,
        federatedBundles: { ...message.federatedBundles, 'spiffe://b.example': Buffer.from('garbage') },
      }),
    });
    await served.rotate();
    await eventually(api, () => serialsOf(api) !== before.serial);
    expect(api.x509Bundle(B)).toBeUndefined();
    expect(api.x509Bundle(C)).toBe(before.c);
    expect(logger.has('spiffe://b.example cannot be read')).toBe(true);
  });

  test('the same for JWT bundles; an empty key set is a revocation, not garbage', async () => {
    const api = await connect();
    const before = { a: api.jwtBundle(A), c: api.jwtBundle(C) };
    served.inject({
      jwtBundles: ({ bundles }) => ({
        bundles: { ...bundles, 'spiffe://b.example': Buffer.from('{'), 'spiffe://c.example': Buffer.from('{"keys":[]}') },
      }),
    });
    await eventually(api, () => !api.jwtBundle(B));
    expect(api.jwtBundle(A)).toBe(before.a);
    expect(api.jwtBundle(C)?.keyIds).toEqual([]);
  });

  test('a JWT message that is empty, or whose own bundle is garbage, is discarded', async () => {
    const api = await connect();
    const before = api.jwtBundle(A);
    served.inject({ jwtBundles: () => ({ bundles: {} }) });
    served.inject({ jwtBundles: ({ bundles }) => ({ bundles: { ...bundles, 'spiffe://a.example': Buffer.from('{') } }) });
    served.inject({
      jwtBundles: ({ bundles }) => ({ bundles: { 'spiffe://a.example': bundles['spiffe://a.example'] ?? Buffer.alloc(0) } }),
    });
    await eventually(api, () => !api.jwtBundle(B));
    expect(api.jwtBundle(A)).toBe(before);
    expect(logger.lines.filter((line) => line.includes('JWTBundlesResponse is discarded'))).toHaveLength(2);
  });

  test('our own trust domain among the federated ones, or under a second spelling, replaces nothing (TX-2, W-23)', async () => {
    const api = await connect();
    const before = { a: api.x509Bundle(A), b: api.x509Bundle(B), serial: serialsOf(api) };
    const foreign = authority.trustDomain('c.example').x509BundleDer();
    served.inject({
      x509Svids: (message) => ({
        ...message,
        federatedBundles: {
          ...message.federatedBundles,
          'spiffe://a.example': foreign,
          'spiffe://B.example': foreign,
          'SPIFFE://b.example': foreign,
          'spiffe://b.example/': foreign,
          'b.example': foreign,
        },
      }),
    });
    await served.rotate();
    await eventually(api, () => serialsOf(api) !== before.serial);
    expect(api.x509Bundle(A)).toBe(before.a);
    expect(api.x509Bundle(B)).toBe(before.b);
    expect(logger.has('name our own trust domain spiffe://a.example')).toBe(true);
    for (const key of ['spiffe://B.example', 'SPIFFE://b.example', 'spiffe://b.example/', 'b.example']) {
      expect(logger.has(`"${key}" is no trust domain ID`)).toBe(true);
    }
  });

  test('of two SVIDs with one hint the first counts (W-17); a hint too long is ignored', async () => {
    const second = issue(other);
    served.inject({
      x509Svids: (message) => {
        const first = firstOf(message);
        const entry = { ...first, spiffeId: other, x509Svid: second.chain, x509SvidKey: second.privateKey };
        const hinted = [
          { ...first, hint: 'h' },
          { ...entry, hint: 'h' },
          { ...entry, hint: 'x'.repeat(1025) },
        ];
        return { ...message, svids: hinted };
      },
    });
    const api = await connect();
    expect(api.x509Svids().map(({ id, hint }) => [id.toString(), hint])).toEqual([
      [ID, 'h'],
      [other, ''],
    ]);
  });
});

describe('interruptions', () => {
  test('a clean end is followed by a new stream (W-11)', async () => {
    const api = await connect();
    const before = serialsOf(api);
    served.endStreams();
    await logger.reported('the endpoint ended the stream');
    await served.rotate();
    await eventually(api, () => serialsOf(api) !== before);
    expect(served.callCount('FetchX509SVID')).toBeGreaterThan(1);
  });

  test('an agent restarted on the same path is found again; until then all stays as it was', async () => {
    const api = await connect();
    const before = { serial: serialsOf(api), a: api.x509Bundle(A), b: api.x509Bundle(B), jwt: api.jwtBundle(A) };
    const { address } = served;
    await served.close();
    await logger.reported('ENOENT');
    expect(serialsOf(api)).toBe(before.serial);
    expect(api.x509Bundle(A)).toBe(before.a);
    served = await authority.serveWorkloadApi({ id: ID, address });
    await eventually(api, () => serialsOf(api) !== before.serial);
    expect(api.x509Bundle(A)).toBe(before.a);
    expect(api.x509Bundle(B)).toBe(before.b);
    expect(api.jwtBundle(A)).toBe(before.jwt);
  });

  test('what was withdrawn is dropped after the grace, and comes back (W-20)', async () => {
    const api = await connect({ withdrawGraceMs: 50 });
    await api.fetchJwtSvid({ audience: 'me' });
    await served.withdraw();
    await logger.reported('PERMISSION_DENIED');
    expect(api.x509Svid()).toBeDefined();
    await eventually(api, () => !api.x509Svid() && !api.jwtBundle(A));
    expect(api.x509Bundle(A)).toBeUndefined();
    expect(api.x509Svids()).toEqual([]);
    await expect(api.fetchJwtSvid({ audience: 'me' })).rejects.toMatchObject({ code: 'jwt_svid_unavailable' });
    await served.restore();
    await eventually(api, () => api.x509Svid() !== undefined && api.jwtBundle(A) !== undefined);
  });

  test('tokens end with the identity, also where the endpoint goes on serving JWT bundles (W-20)', async () => {
    const api = await connect({ withdrawGraceMs: 0 });
    await api.fetchJwtSvid({ audience: 'me' });
    const deny = (): never => {
      throw new WorkloadApiRefusal(status.PERMISSION_DENIED, 'no identity issued');
    };
    served.inject({ x509Svids: deny, jwtSvids: deny });
    await eventually(api, () => !api.x509Svid());
    expect(api.jwtBundle(A)).toBeDefined();
    await expect(api.fetchJwtSvid({ audience: 'me' })).rejects.toMatchObject({ code: 'jwt_svid_unavailable' });
  });

  test('the token of an identity that a message leaves out is not served any more (W-20)', async () => {
    const gone = 'spiffe://a.example/gone';
    const several = await authority.serveWorkloadApi({ id: [gone, ID] });
    const api = await connect({ address: several.address });
    expect((await api.fetchJwtSvid({ audience: 'me' })).id.toString()).toBe(gone);
    several.inject({
      x509Svids: (message) => ({ ...message, svids: message.svids.slice(1) }),
      jwtSvids: (message) => ({ svids: message.svids.slice(1) }),
    });
    await eventually(api, () => api.x509Svids().length === 1);
    expect((await api.fetchJwtSvid({ audience: 'me' })).id.toString()).toBe(ID);
  });

  test('a withdrawal that is taken back within the grace leaves no gap', async () => {
    const withdrawGraceMs = 1000;
    const api = await connect({ withdrawGraceMs });
    const before = { serial: serialsOf(api), a: api.x509Bundle(A) };
    let gap = false;
    api.onChange(() => {
      gap ||= !api.x509Svid() || !api.jwtBundle(A);
    });
    await served.withdraw();
    await logger.reported('PERMISSION_DENIED');
    await served.restore();
    await eventually(api, () => serialsOf(api) !== before.serial);
    // The only wait of this file: what must not happen would happen now.
    await sleep(withdrawGraceMs + 100);
    expect(gap).toBe(false);
    expect(api.x509Bundle(A)).toBe(before.a);
  });
});

describe('JWT-SVIDs', () => {
  test('a token is fetched once, and again for another audience or subject', async () => {
    const api = await connect();
    const [one, same] = await Promise.all([api.fetchJwtSvid({ audience: 'me' }), api.fetchJwtSvid({ audience: ['me'] })]);
    expect(one.id.toString()).toBe(ID);
    expect(same).toBe(one);
    expect(await api.fetchJwtSvid({ audience: 'me' })).toBe(one);
    expect(served.callCount('FetchJWTSVID')).toBe(1);
    const verified = verifyJwtSvid(one.token, api, { audience: ['me'], now: Date.now() });
    expect(verified.expiresAt).toBe(one.expiresAt);
    await api.fetchJwtSvid({ audience: 'you' });
    expect(served.callCount('FetchJWTSVID')).toBe(2);
    await api.fetchJwtSvid({ audience: 'me', subject: parseSpiffeId(ID) });
    expect(served.callCount('FetchJWTSVID')).toBe(3);
  });

  test('a subject that is not ours is denied', async () => {
    const api = await connect();
    const fetch = api.fetchJwtSvid({ audience: 'me', subject: parseSpiffeId('spiffe://a.example/other') });
    await expect(fetch).rejects.toMatchObject({
      code: 'jwt_svid_unavailable',
      message: expect.stringContaining('PERMISSION_DENIED'),
    });
  });

  test('an answer that does not fit the question is refused', async () => {
    const api = await connect();
    const domain = authority.trustDomain('a.example');
    const answers = {
      none: [],
      empty: [{ spiffeId: ID, svid: '' }],
      garbage: [{ spiffeId: ID, svid: 'garbage' }],
      'other audience': [{ spiffeId: ID, svid: await domain.issueJwtSvid(ID, { audience: 'you' }) }],
      'other subject': [{ spiffeId: ID, svid: await domain.issueJwtSvid('spiffe://a.example/x', { audience: 'me' }) }],
      expired: [{ spiffeId: ID, svid: await domain.issueJwtSvid(ID, { audience: 'me', expiresAt: Date.now() - 1000 }) }],
    };
    for (const [name, svids] of Object.entries(answers)) {
      served.inject({ jwtSvids: () => ({ svids }) });
      await expect(api.fetchJwtSvid({ audience: 'me' }), name).rejects.toMatchObject({ code: 'response_invalid' });
    }
    served.inject({});
    expect((await api.fetchJwtSvid({ audience: 'me' })).id.toString()).toBe(ID);
  });

  test('an agent that is away for a moment is waited for', async () => {
    const api = await connect();
    let calls = 0;
    served.inject({
      jwtSvids: (message) => {
        calls += 1;
        if (calls === 1) throw new WorkloadApiRefusal(status.UNAVAILABLE, 'starting');
        return message;
      },
    });
    expect((await api.fetchJwtSvid({ audience: 'me' })).id.toString()).toBe(ID);
    expect(calls).toBe(2);
  });
});

describe('closing', () => {
  test('takes all away, tells so once, and refuses tokens', async () => {
    const api = await connect();
    let told = 0;
    api.onChange(() => told++);
    await api.close();
    await api.close();
    expect(told).toBe(1);
    expect(api.x509Svid()).toBeUndefined();
    expect(api.x509Bundle(A)).toBeUndefined();
    expect(api.jwtBundle(A)).toBeUndefined();
    await expect(api.fetchJwtSvid({ audience: 'me' })).rejects.toMatchObject({ code: 'closed' });
    const calls = served.callCount('FetchX509SVID');
    served.endStreams();
    await connect();
    expect(served.callCount('FetchX509SVID')).toBe(calls + 1);
  });

  test('works while the agent is away, and while a token is being fetched', async () => {
    const api = await connect();
    served.inject({ jwtSvids: () => undefined });
    const fetch = api.fetchJwtSvid({ audience: 'me' });
    const refused = expect(fetch).rejects.toMatchObject({ code: 'jwt_svid_unavailable' });
    await served.close();
    await logger.reported('UNAVAILABLE');
    await api[Symbol.asyncDispose]();
    await refused;
  });
});
