import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LoadPolicyOptions } from '../load-options.js';
import { loadPolicy } from '../load-policy.js';
import type { Policy } from '../policy.js';
import type { LivePolicy } from '../policy-source.js';
import { BundleWebServer } from '../test-support/bundle-web-server.js';
import { errorOf } from '../test-support/error-of.js';
import { type PackedEntry, packBundle, shippedBundle, unpackBundle, withEntry } from '../test-support/pack-bundle.js';
import type { BundleServer } from './bundle-server.js';

let shipped: readonly PackedEntry[];
let server: BundleWebServer;
let url: string;
let live: LivePolicy<Policy | undefined> | undefined;

const marked = (mark: string) => packBundle(withEntry(shipped, '/mark.txt', mark));

beforeAll(async () => {
  shipped = await unpackBundle(shippedBundle);
});
beforeEach(async () => {
  server = new BundleWebServer();
  server.bundle = await marked('first');
  url = await server.listen();
});
afterEach(async () => {
  await live?.close();
  live = undefined;
  await server.close();
});

/** Nothing but `refresh()` asks, unless a test says otherwise. */
async function open(of: Partial<BundleServer> = {}, options: Partial<LoadPolicyOptions> = {}) {
  live = await loadPolicy({ bundle: { url, ...of }, watch: false, ...options });
  return live;
}

describe('a policy of a server', () => {
  it('is asked for as OPA asks', async () => {
    const policy = await open({ headers: { authorization: 'Bearer secret' } });
    expect(policy.current()?.phases).toEqual(['call', 'request']);
    expect(policy.status()).toMatchObject({ state: 'ready', etag: server.etag });
    const [first] = server.requests;
    expect(first).toMatchObject({ method: 'GET', url: '/bundles/directory.tar.gz' });
    expect(first?.headers).toMatchObject({ prefer: 'modes=snapshot', authorization: 'Bearer secret' });
    expect(first?.headers['if-none-match']).toBe(undefined);
    await policy.refresh();
    expect(server.requests[1]?.headers['if-none-match']).toBe(server.etag);
  });

  it('stays the same object on 304, and changes with the bundle', async () => {
    const policy = await open();
    const first = policy.current();
    expect((await policy.refresh()).state).toBe('ready');
    expect(policy.current()).toBe(first);
    server.bundle = await marked('second');
    const { etag, revision } = await policy.refresh();
    expect(policy.current()).not.toBe(first);
    expect([etag, revision]).toEqual([server.etag, policy.current()?.revision]);
  });

  it('may ask for its headers before each request', async () => {
    let count = 0;
    const policy = await open({
      headers: async () => {
        count += 1;
        return { authorization: `Bearer ${count}` };
      },
    });
    await policy.refresh();
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 2']);
  });

  it('asks again by itself, and sooner after a failure', async () => {
    const policy = await open({ minDelayMs: 1, maxDelayMs: 2 }, { watch: true });
    server.bundle = await marked('second');
    await policy.waitFor(() => policy.status().etag === server.etag);
    server.answer = (_, response) => response.writeHead(503).end();
    await policy.waitFor(() => policy.status().lastError?.code === 'bundle_bad_response');
    server.answer = undefined;
    await policy.waitFor(() => policy.status().state === 'ready');
  });

  it('keeps what is in force while the server has nothing better', async () => {
    const policy = await open();
    const first = policy.current();
    const { etag } = policy.status();
    server.bundle = (await packBundle(shipped)).subarray(0, 20_000);
    for (let round = 0; round < 2; round += 1) {
      expect(await policy.refresh()).toMatchObject({ state: 'stale', etag, lastError: { code: 'bundle_truncated' } });
      // Not that of what was refused: it is looked at again, as whatever was wrong may be right then.
      expect(server.requests.at(-1)?.headers['if-none-match']).toBe(etag);
    }
    expect(policy.current()).toBe(first);
    server.bundle = await marked('first');
    expect((await policy.refresh()).state).toBe('ready');
    expect(policy.current()).toBe(first);
  });

  it('takes grants while the server does not answer', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dirgate-server-'));
    const data = join(folder, 'grants.yaml');
    try {
      writeFileSync(data, 'ids: {}');
      const policy = await open({ minDelayMs: 1, maxDelayMs: 1 }, { data, watch: { pollMs: 60_000, settleMs: 1 } });
      const before = policy.status().revision;
      const asked = server.requests.length;
      server.answer = () => {};
      while (server.requests.length === asked) await turn();
      writeFileSync(data, 'trust_domains: {a.example: [{roles: [reader]}]}');
      await policy.waitFor(() => policy.status().revision !== before);
    } finally {
      await live?.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('takes nothing without a bundle, unless it must have one', async () => {
    server.answer = (_, response) => response.writeHead(404).end();
    expect((await errorOf(() => open({}, { startEmpty: false }))).code).toBe('bundle_bad_response');
    const policy = await open();
    expect(policy.current()).toBe(undefined);
    expect(policy.status()).toMatchObject({ state: 'waiting', lastError: { code: 'bundle_bad_response' } });
    server.answer = undefined;
    expect((await policy.refresh()).state).toBe('ready');
    expect(policy.current()).toBeDefined();
  });

  it('ends with its age when the server is away', async () => {
    let now = 1_000_000;
    const policy = await open({}, { maxAgeMs: 1_000, clock: () => now });
    server.answer = (_, response) => response.destroy();
    now += 1_001;
    expect(await policy.refresh()).toMatchObject({ state: 'expired', lastError: { code: 'bundle_unreachable' } });
    expect(policy.current()).toBe(undefined);
    server.answer = undefined;
    expect((await policy.refresh()).state).toBe('ready');
  });

  it('does not wait for an answer once it is closed', async () => {
    const policy = await open();
    server.answer = () => {};
    const refreshed = policy.refresh();
    while (server.requests.length < 2) await turn();
    await policy.close();
    expect((await refreshed).state).toBe('closed');
  });
});

describe('a server of bundles', () => {
  it.each<[string, object]>([
    ['no URL', { url: 'bundle.tar.gz' }],
    ['a file', { url: 'file:///etc/passwd' }],
    ['plain HTTP to another host', { url: 'http://bundles.example/x' }],
    ['plain HTTP to a host that looks like this one', { url: 'http://127.0.0.1.bundles.example/x' }],
    ['credentials in the URL', { url: 'https://user:secret@bundles.example/x' }],
    ['a header that is ours', { url: 'https://a.example', headers: { 'If-None-Match': '"x"' } }],
    ['a header that cannot be sent', { url: 'https://a.example', headers: { authorization: 'secret\r\nx: y' } }],
    ['no certificates', { url: 'https://a.example', ca: 'x' }],
    ['a misspelt member, which would be another authority', { url: 'https://a.example', CA: 'x' }],
    ['a permission as text', { url: 'http://bundles.example/x', allowPlainHttp: 'false' }],
    ['no headers', { url: 'https://a.example', headers: null }],
    ['delays that are none', { url: 'https://a.example', minDelayMs: 2, maxDelayMs: 1 }],
    ['a timeout that is none', { url: 'https://a.example', timeoutMs: 0 }],
  ])('is refused: %s', async (_, bundle) => {
    const error = await errorOf(() => loadPolicy({ bundle: bundle as BundleServer }));
    expect(error.code).toBe('option_invalid');
    expect(`${error.message}${String(error.cause)}`).not.toContain('secret');
  });

  it('may be reached by plain HTTP when that was asked for', async () => {
    const policy = await loadPolicy({ bundle: { url: 'http://bundles.invalid/x', allowPlainHttp: true }, watch: false });
    expect(policy.status().lastError?.code).toBe('bundle_unreachable');
    await policy.close();
  });
});
