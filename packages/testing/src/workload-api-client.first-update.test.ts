import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseTrustDomain, verifyJwtSvid, verifyX509Svid } from '@dirgate/spiffe';
import { connectWorkloadApi } from '@dirgate/workload-api';
import { status } from '@grpc/grpc-js';
import { describe, expect, test, vi } from 'vitest';
import { eventually } from './test-support/eventually.js';
import {
  A,
  authority,
  connect,
  ID,
  logger,
  opened,
  serialsOf,
  serveAgain,
  served,
  serveWorkload,
} from './test-support/served-client.js';
import { WorkloadApiRefusal } from './workload-api-refusal.js';

serveWorkload();

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
    expect(logger.has('the address option is used, not SPIFFE_ENDPOINT_SOCKET ("unix:///nowhere/at/all.sock")')).toBe(true);
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
    await expect(connect({ limits: { maxResponseBytes: 4 * 1024 * 1024 }, firstUpdateTimeoutMs: 300 })).rejects.toMatchObject({
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
    await serveAgain(address);
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
    { selekt: 'internal' } as object,
  ])('%j is refused', async (options) => {
    await expect(connect(options)).rejects.toMatchObject({ code: 'option_invalid' });
  });
});
