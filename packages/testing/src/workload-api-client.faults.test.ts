import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectWorkloadApiOptions, fetchX509Svids, type WorkloadApi } from '@dirgate/workload-api';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type FaultyLink, type LinkFault, openFaultyLink } from './faulty-link.js';
import { createIdentityAuthority } from './identity-authority.js';
import { A, authority, B, connect, ID, logger, serialsOf, served, serveWorkload } from './test-support/served-client.js';
import { WorkloadApiRefusal } from './workload-api-refusal.js';

serveWorkload();

let link: FaultyLink;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dirgate-'));
});

afterEach(async () => {
  await link?.close();
  await rm(directory, { recursive: true, force: true });
});

function connectThrough(options: ConnectWorkloadApiOptions = {}): Promise<WorkloadApi> {
  return connect({ address: link.address, ...options });
}

async function openLink(kind: 'unix' | 'tcp'): Promise<void> {
  const at = kind === 'unix' ? `unix://${join(directory, 'link.sock')}` : 'tcp://127.0.0.1:0';
  link = await openFaultyLink({ at, to: served.address });
}

/** So many bytes that an answer is cut in the middle of its message. */
async function halfAnAnswer(): Promise<number> {
  const before = link.connections;
  await fetchX509Svids({ address: link.address });
  expect(link.connections).toBe(before + 1);
  return Math.floor(link.answeredBytes / 2);
}

const onTheWay: [string, 'unix' | 'tcp', () => Promise<LinkFault>, RegExp][] = [
  ['connections that say nothing', 'unix', async () => ({ kind: 'hang' }), /no answer within 200 ms/],
  ['answers that are no HTTP/2', 'unix', async () => ({ kind: 'garbage' }), /UNAVAILABLE/],
  [
    'half an answer, then nothing',
    'unix',
    async () => ({ kind: 'cut', afterBytes: await halfAnAnswer(), end: 'hang' }),
    /no answer within/,
  ],
  [
    'half an answer, then the end',
    'unix',
    async () => ({ kind: 'cut', afterBytes: await halfAnAnswer(), end: 'close' }),
    /UNAVAILABLE/,
  ],
  [
    'half an answer, then a reset',
    'tcp',
    async () => ({ kind: 'cut', afterBytes: await halfAnAnswer(), end: 'reset' }),
    /UNAVAILABLE/,
  ],
];

/** Short where silence is the fault; a busy machine must not be taken for one. */
function patience(report: RegExp): ConnectWorkloadApiOptions {
  return { responseTimeoutMs: report.source.includes('no answer') ? 200 : 15_000 };
}

describe('on the way to the endpoint (TW-1)', () => {
  test.each(onTheWay)('%s: waited out at the start', async (_name, kind, fault, report) => {
    await openLink(kind);
    link.inject(await fault());
    const connecting = connectThrough(patience(report));
    await expect.poll(() => logger.lines.join('\n'), { timeout: 15_000 }).toMatch(report);
    link.inject({ kind: 'none' });
    expect((await connecting).x509Svid()?.id.toString()).toBe(ID);
  });

  test.each(onTheWay)(
    '%s: what was there stays meanwhile, and a new connection brings what is new',
    async (_name, kind, fault, report) => {
      await openLink(kind);
      const api = await connectThrough(patience(report));
      const before = { serial: serialsOf(api), b: api.x509Bundle(B), jwt: api.jwtBundle(A) };
      link.inject(await fault());
      await api.waitFor(() => api.status().state === 'stale');
      await expect.poll(() => logger.lines.join('\n'), { timeout: 15_000 }).toMatch(report);
      await served.rotate();
      expect(serialsOf(api)).toBe(before.serial);
      expect(api.status()).toMatchObject({ state: 'stale', lastError: { code: expect.stringMatching(/unavailable|timeout/) } });
      link.inject({ kind: 'none' });
      await api.waitFor(() => serialsOf(api) !== before.serial && api.status().state === 'ready');
      expect(api.x509Bundle(B)).toBe(before.b);
      expect(api.jwtBundle(A)).toBe(before.jwt);
      expect(api.status().lastError).toBeUndefined();
    },
  );

  test('a reset of a connection that works: each attempt has a connection of its own', async () => {
    await openLink('tcp');
    const api = await connectThrough();
    const { connections } = link;
    link.dropConnections();
    await api.waitFor(() => api.status().state === 'stale');
    await served.rotate();
    const before = serialsOf(api);
    await api.waitFor(() => serialsOf(api) !== before);
    expect(link.connections).toBeGreaterThan(connections);
  });

  test('the path leads to another socket: found when the old one ends', async () => {
    await openLink('unix');
    const api = await connectThrough();
    const before = serialsOf(api);
    const path = join(directory, 'link.sock');
    const other = await authority.serveWorkloadApi({ id: ID, address: `unix://${join(directory, 'other.sock')}` });
    await rename(join(directory, 'other.sock'), path);
    // The old socket goes on working for those who hold a connection.
    expect(api.status().state).toBe('ready');
    link.dropConnections();
    await api.waitFor(() => serialsOf(api) !== before);
    expect(other.callCount('FetchX509SVID')).toBe(1);
  });
});

test('a folder whose name is none of a URI: escaped in the address, and found (W-4)', async () => {
  const odd = join(directory, 'a b%20ä#?');
  await mkdir(odd);
  vi.stubEnv('TMPDIR', odd);
  const other = await createIdentityAuthority({ trustDomains: [{ name: 'a.example' }] });
  try {
    const { address } = await other.serveWorkloadApi({ id: ID });
    expect(address).toContain('/a%20b%2520%C3%A4%23%3F/');
    expect(await readdir(odd)).toHaveLength(1);
    link = await openFaultyLink({ at: address.replace(/[^/]+$/, 'l%20k'), to: address });
    const [svid] = (await fetchX509Svids({ address: link.address })).svids;
    expect(svid?.id.toString()).toBe(ID);
    expect(link.connections).toBe(1);
  } finally {
    await link.close();
    await other.close();
  }
  expect(await readdir(odd)).toEqual([]);
});

describe('statuses', () => {
  const codes = Object.values(status).filter((code): code is status => typeof code === 'number' && code !== status.OK);

  test.each(codes.map((code) => [status[code], code] as const))('%s', async (name, code) => {
    const api = await connect({ withdrawGraceMs: 0 });
    const before = serialsOf(api);
    const refuse = (): never => {
      throw new WorkloadApiRefusal(code, 'scripted');
    };
    served.inject({ x509Svids: refuse });
    await logger.reported(`FetchX509SVID: ${name}: scripted`);
    const calls = served.callCount('FetchX509SVID');
    const isFinal = code === status.INVALID_ARGUMENT || code === status.UNIMPLEMENTED;
    if (isFinal || code === status.PERMISSION_DENIED) {
      // Nothing will renew it, or it was taken away: not presented any more (W-20).
      await api.waitFor(() => api.status().state === 'withdrawn');
      expect(api.x509Svid()).toBeUndefined();
    } else {
      // Asked again: what is dropped without any grace would be gone by now.
      await expect.poll(() => served.callCount('FetchX509SVID'), { timeout: 15_000 }).toBeGreaterThan(calls);
      expect(serialsOf(api)).toBe(before);
      expect(api.status().state).toBe('stale');
    }
    served.inject({});
    if (isFinal) {
      // The other stream shows that time has passed.
      served.endStreams();
      const jwt = api.jwtBundle(A);
      authority.trustDomain('a.example').rotateJwtAuthority();
      await api.waitFor(() => api.jwtBundle(A) !== jwt);
      expect(served.callCount('FetchX509SVID')).toBe(calls);
      expect(api.x509Svid()).toBeUndefined();
    } else {
      await served.rotate();
      await api.waitFor(() => serialsOf(api) !== undefined && serialsOf(api) !== before);
      expect(api.status().state).toBe('ready');
    }
  });
});

describe('messages', () => {
  test('ten thousand SVIDs are discarded before one of them is read (TW-2)', async () => {
    const api = await connect();
    const before = serialsOf(api);
    served.inject({
      x509Svids: (message) => ({ ...message, svids: Array.from({ length: 10_000 }, () => message.svids).flat() }),
    });
    await logger.reported('it holds more than 100 SVIDs');
    expect(serialsOf(api)).toBe(before);
    expect(api.status()).toMatchObject({ state: 'stale', lastError: { code: 'response_invalid' } });
    served.inject({});
    await api.waitFor(() => api.status().state === 'ready');
    expect(serialsOf(api)).toBe(before);
  });

  test('what is sent again and again is reported once', async () => {
    const api = await connect();
    served.inject({ x509Svids: () => ({ svids: [] }) });
    served.inject({ x509Svids: () => ({ svids: [] }) });
    served.inject({ x509Svids: () => ({ svids: [] }) });
    served.inject({});
    await served.rotate();
    const before = serialsOf(api);
    await api.waitFor(() => serialsOf(api) !== before);
    expect(logger.lines.filter((line) => line.includes('it holds no SVID'))).toHaveLength(1);
  });

  test('all federated bundles garbage: each of them is out, our own and our rotation are in (TW-7)', async () => {
    const api = await connect();
    const before = { serial: serialsOf(api), a: api.jwtBundle(A) };
    const garbage = Buffer.from('garbage');
    served.inject({
      x509Svids: (message) => ({
        ...message,
        federatedBundles: { 'spiffe://b.example': garbage, 'spiffe://c.example': garbage },
      }),
      jwtBundles: () => ({ bundles: { 'spiffe://b.example': garbage } }),
    });
    await served.rotate();
    await api.waitFor(() => serialsOf(api) !== before.serial && api.jwtBundle(A) === undefined);
    expect(api.x509Bundle(A)).toBeDefined();
    expect(api.x509Bundle(B)).toBeUndefined();
    expect(api.jwtBundle(B)).toBeUndefined();
  });
});
