import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BundleWebServer } from '../test-support/bundle-web-server.js';
import { errorOf } from '../test-support/error-of.js';
import { issueServerCertificate } from '../test-support/server-certificate.js';
import { type BundleServer, readBundleServer } from './bundle-server.js';
import { downloadBundle } from './download-bundle.js';

let server: BundleWebServer;
let other: BundleWebServer;
beforeEach(async () => {
  [server, other] = [new BundleWebServer(), new BundleWebServer()];
  server.bundle = Buffer.from('the bundle');
  other.bundle = Buffer.from('another');
  await Promise.all([server.listen(), other.listen()]);
});
afterEach(() => Promise.all([server.close(), other.close()]));

const never = new AbortController().signal;
const get = (options: Partial<BundleServer> = {}, etag?: string, signal = never) =>
  downloadBundle(readBundleServer({ ...options, url: options.url ?? server.url() }), etag, signal);
const redirect = (location: string, status = 302) => {
  server.answer = (request, response) => {
    if (request.url === '/there') server.serve(request, response);
    else response.writeHead(status, { location }).end();
  };
};

describe('downloadBundle', () => {
  it('gives bytes and ETag, or that nothing changed', async () => {
    expect(await get()).toEqual({ kind: 'bundle', bytes: Buffer.from('the bundle'), etag: server.etag });
    expect(await get({}, server.etag)).toEqual({ kind: 'unchanged' });
    expect(await get({}, '"older"')).toMatchObject({ kind: 'bundle' });
  });

  it('does without an ETag', async () => {
    for (const headers of [{}, { etag: '' }, { etag: '"a b"' }, { etag: `"${'x'.repeat(2_000)}"` }]) {
      server.answer = (_, response) => response.writeHead(200, headers).end('x');
      expect(await get()).toMatchObject({ kind: 'bundle', etag: undefined });
    }
  });

  it('sends no ETag back that would mean another thing there', async () => {
    const given = async (etag: string) => {
      server.answer = (_, response) => response.writeHead(200, { etag }).end('x');
      return get();
    };
    for (const etag of ['"a"', 'W/"a"', '""', '"a,b"', 'a-b']) expect(await given(etag)).toMatchObject({ etag });
    for (const etag of ['*', '"a","b"', 'a,b', '"a', '"a"b"']) expect(await given(etag)).toMatchObject({ etag: undefined });
  });

  it.each([301, 302, 303, 307, 308])('follows %d on the same host, with its headers', async (status) => {
    redirect('/there', status);
    expect(await get({ headers: { authorization: 'Bearer secret' } })).toMatchObject({ bytes: Buffer.from('the bundle') });
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer secret', 'Bearer secret']);
  });

  it('follows to another host without them', async () => {
    redirect(other.url());
    expect(await get({ headers: { authorization: 'Bearer secret' } })).toMatchObject({ bytes: Buffer.from('another') });
    expect(other.requests[0]?.headers.authorization).toBe(undefined);
    expect(other.requests[0]?.headers['prefer']).toBe('modes=snapshot');
  });

  it.each<[string, string | undefined]>([
    ['another scheme', 'https://127.0.0.1/x'],
    ['a file', 'file:///etc/passwd'],
    ['plain HTTP elsewhere', 'http://bundles.example/x'],
    ['a URL with credentials', 'http://user:secret@127.0.0.1/x'],
    ['no URL', 'http://'],
    ['itself, for ever', '/again'],
  ])('does not follow to %s', async (_, location) => {
    redirect(location ?? '');
    const error = await errorOf(() => get());
    expect(error.code).toBe('bundle_bad_response');
    expect(error.message).not.toContain('secret');
    expect(server.requests.length).toBeLessThan(8);
  });

  it.each([204, 206, 400, 401, 404, 500, 503])('refuses status %d', async (status) => {
    server.answer = (_, response) => response.writeHead(status).end();
    const error = await errorOf(() => get());
    expect(error.code).toBe('bundle_bad_response');
    expect(error.message).toContain(String(status));
  });

  it('refuses 304 to what was not conditional', async () => {
    server.answer = (_, response) => response.writeHead(304).end();
    expect((await errorOf(() => get())).code).toBe('bundle_bad_response');
    expect(await get({}, '"x"')).toEqual({ kind: 'unchanged' });
  });

  it('refuses a body that is too large, said or not', async () => {
    const size = 16 * 1024 * 1024;
    server.answer = (_, response) => response.writeHead(200, { 'content-length': size + 1 }).flushHeaders();
    expect((await errorOf(() => get())).code).toBe('bundle_too_large');
    server.answer = (_, response) => response.writeHead(200).end(Buffer.alloc(size + 1));
    expect((await errorOf(() => get())).code).toBe('bundle_too_large');
    server.answer = (_, response) => response.writeHead(200).end(Buffer.alloc(size));
    expect(await get()).toMatchObject({ kind: 'bundle' });
  });

  it('refuses half a body, and none', async () => {
    server.answer = (_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => response.destroy());
    };
    expect((await errorOf(() => get())).code).toBe('bundle_unreachable');
    server.answer = (_, response) => response.destroy();
    expect((await errorOf(() => get())).code).toBe('bundle_unreachable');
    const url = server.url();
    await server.close();
    expect((await errorOf(() => get({ url }))).message).toContain('ECONNREFUSED');
    server = new BundleWebServer();
    await server.listen();
  });

  it('ends at its deadline, before and within the body', async () => {
    for (const answer of [() => {}, (_: unknown, response: { write(text: string): unknown }) => void response.write('x')]) {
      server.answer = answer as typeof server.answer;
      const error = await errorOf(() => get({ timeoutMs: 20 }));
      expect(error.code).toBe('bundle_unreachable');
      expect(error.message).toContain('20 ms');
    }
  });

  it('does not wait for headers any longer, and asks nothing without them', async () => {
    const never = () => new Promise<never>(() => {});
    expect((await errorOf(() => get({ headers: never, timeoutMs: 20 }))).message).toContain('20 ms');
    const closing = new AbortController();
    const aborted = errorOf(() => get({ headers: never }, undefined, closing.signal));
    closing.abort();
    expect((await aborted).code).toBe('bundle_unreachable');
    const failed = await errorOf(() => get({ headers: () => Promise.reject(new TypeError('secret')) }));
    expect(failed.code).toBe('bundle_unreachable');
    expect(failed.message).toContain('its headers cannot be had (TypeError)');
    expect(failed.message).not.toContain('secret');
    expect((await errorOf(() => get({ headers: () => undefined as never }))).code).toBe('option_invalid');
    expect(server.requests).toEqual([]);
  });

  it('ends when it is aborted', async () => {
    expect((await errorOf(() => get({}, undefined, AbortSignal.abort()))).code).toBe('bundle_unreachable');
  });

  it('shows nothing of a URL after its path', async () => {
    server.answer = (_, response) => response.writeHead(500).end();
    const error = await errorOf(() => get({ url: `${server.url()}?signature=secret#x` }));
    expect(error.message).toContain('/bundles/directory.tar.gz: ');
    expect(error.message).not.toContain('secret');
  });
});

describe('a server that hardly speaks HTTP', () => {
  /** What becomes of these bytes as an answer; the connection is closed behind them. */
  async function ask(answer: string) {
    const raw = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(Buffer.from(answer, 'latin1')));
    });
    await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
    try {
      return await get({ url: `http://127.0.0.1:${(raw.address() as AddressInfo).port}/x` });
    } finally {
      await new Promise((resolve) => raw.close(resolve));
    }
  }
  const ok = 'HTTP/1.1 200 OK\r\n';

  it.each<[string, string]>([
    ['a length', `${ok}Content-Length: 4\r\n\r\nbody`],
    ['no length, up to the end', `${ok}\r\nbody`],
    ['more than its length', `${ok}Content-Length: 4\r\n\r\nbody and more`],
    ['a second answer', `${ok}Content-Length: 4\r\n\r\nbody${ok}Content-Length: 4\r\n\r\nevil`],
    ['many answers before it', `${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1_000)}${ok}Content-Length: 4\r\n\r\nbody`],
    ['an ETag in its trailer', `${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nETag: "x"\r\n\r\n`],
  ])('is read: %s', async (_, answer) => {
    expect(await ask(answer)).toEqual({ kind: 'bundle', bytes: Buffer.from('body'), etag: undefined });
  });

  it.each<[string, string, string]>([
    [
      'another protocol',
      'bundle_bad_response',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nbody',
    ],
    ['two lengths', 'bundle_unreachable', `${ok}Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody`],
    ['a negative length', 'bundle_unreachable', `${ok}Content-Length: -4\r\n\r\nbody`],
    [
      'a length and chunks',
      'bundle_unreachable',
      `${ok}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n`,
    ],
    ['chunks without an end', 'bundle_unreachable', `${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n`],
    ['a chunk without end', 'bundle_unreachable', `${ok}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nbody\r\n`],
    ['a header without end', 'bundle_unreachable', `${ok}X: ${'x'.repeat(100_000)}`],
    ['half a header', 'bundle_unreachable', `${ok}Content-`],
    ['no header', 'bundle_unreachable', 'body'],
    ['nothing', 'bundle_unreachable', ''],
  ])('is refused, and waited for no longer: %s', async (_, code, answer) => {
    expect((await errorOf(() => ask(answer))).code).toBe(code);
  });
});

describe('over TLS', () => {
  let secure: BundleWebServer;
  let ca: string;
  beforeEach(async () => {
    const issued = await issueServerCertificate('127.0.0.1');
    ca = issued.ca;
    secure = new BundleWebServer({ key: issued.key, cert: issued.cert });
    secure.bundle = Buffer.from('over TLS');
    await secure.listen();
  });
  afterEach(() => secure.close());

  it('trusts the given authority and no other', async () => {
    expect(await get({ url: secure.url(), ca })).toMatchObject({ bytes: Buffer.from('over TLS') });
    expect((await errorOf(() => get({ url: secure.url() }))).code).toBe('bundle_unreachable');
    const stranger = await issueServerCertificate('127.0.0.1');
    expect((await errorOf(() => get({ url: secure.url(), ca: stranger.ca }))).code).toBe('bundle_unreachable');
  });

  it('wants the name of the URL in the certificate', async () => {
    const url = secure.url().replace('127.0.0.1', 'localhost');
    expect((await errorOf(() => get({ url, ca }))).message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('is not weakened by the environment', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    try {
      expect((await errorOf(() => get({ url: secure.url() }))).code).toBe('bundle_unreachable');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('does not go on without it', async () => {
    secure.answer = (_, response) => response.writeHead(302, { location: server.url() }).end();
    expect((await errorOf(() => get({ url: secure.url(), ca }))).code).toBe('bundle_bad_response');
    expect(server.requests).toHaveLength(0);
  });
});
