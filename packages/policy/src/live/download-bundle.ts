import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { maxCompressedBytes } from '../bundle/archive.js';
import { tooLarge } from '../bundle/bundle-limits.js';
import { PolicyError } from '../policy-error.js';
import { objectionTo, type ReadBundleServer } from './bundle-server.js';

/** What a server answered: a bundle, or that it still is the one with the given ETag. */
export type BundleDownload =
  | { readonly kind: 'bundle'; readonly bytes: Uint8Array; readonly etag: string | undefined }
  | { readonly kind: 'unchanged' };

const maxRedirects = 5;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Asks a server for its bundle once, as OPA does. What it holds is not looked at.
 *
 * @throws {PolicyError} `bundle_unreachable`, `bundle_bad_response`, `bundle_too_large`
 */
export async function downloadBundle(
  server: ReadBundleServer,
  etag: string | undefined,
  signal: AbortSignal,
): Promise<BundleDownload> {
  const deadline = AbortSignal.timeout(server.timeoutMs);
  try {
    const ends = AbortSignal.any([signal, deadline]);
    // Whatever it waits for: a check that never ends would be the last.
    return await within(ends, ask(server, etag, ends));
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    const reason = deadline.aborted ? `no whole answer within ${server.timeoutMs} ms` : reasonOf(cause);
    throw new PolicyError('bundle_unreachable', `${shown(server.url)}: cannot be fetched (${reason}); check the server`, {
      cause,
    });
  }
}

async function ask(server: ReadBundleServer, etag: string | undefined, signal: AbortSignal): Promise<BundleDownload> {
  const own = { ...(await server.headers()) };
  // Whoever is asked for headers may answer too late.
  signal.throwIfAborted();
  const common = {
    'accept-encoding': 'identity',
    prefer: 'modes=snapshot',
    ...(etag !== undefined && { 'if-none-match': etag }),
  };
  let { url } = server;
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    // A token for one host is nobody else's.
    const headers = url.origin === server.url.origin ? { ...own, ...common } : common;
    const response = await open(url, headers, server.ca, signal);
    try {
      const { statusCode: status = 0 } = response;
      if (status === 200) return { kind: 'bundle', bytes: await read(response, url), etag: etagOf(response) };
      if (status === 304 && etag !== undefined) return { kind: 'unchanged' };
      if (!redirects.has(status)) throw bad(server.url, `it answered with status ${status}`);
      url = redirected(url, response.headers.location, server);
    } finally {
      response.destroy();
    }
  }
  throw bad(server.url, `it redirects more than ${maxRedirects} times`);
}

/** Rejects when the signal does, though `answer` may never come. */
function within<T>(signal: AbortSignal, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

function open(
  url: URL,
  headers: Readonly<Record<string, string>>,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // Not from a pool: the next request is a minute away. The environment must not be able to turn checks off.
    const options = { headers, signal, agent: false, ...(url.protocol === 'https:' && { rejectUnauthorized: true, ca }) };
    const request = url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options);
    request.once('response', resolve);
    request.on('error', reject);
    // An answer that is none, 101 for one, ends a request without a word.
    request.on('close', () => reject(bad(url, 'it closed the connection without an answer')));
    request.end();
  });
}

async function read(response: IncomingMessage, url: URL): Promise<Uint8Array> {
  const limit = `${maxCompressedBytes} bytes`;
  if (Number(response.headers['content-length'] ?? 0) > maxCompressedBytes) throw tooLarge(shown(url), limit);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += (chunk as Uint8Array).byteLength;
    if (size > maxCompressedBytes) throw tooLarge(shown(url), limit);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

function redirected(from: URL, location: string | undefined, server: ReadBundleServer): URL {
  if (location === undefined || !URL.canParse(location, from.href)) throw bad(server.url, 'it redirects to nowhere');
  const to = new URL(location, from.href);
  if (to.protocol !== from.protocol) throw bad(server.url, `it redirects from ${from.protocol} to ${to.protocol}`);
  const objection = objectionTo(to, server.allowPlainHttp);
  if (objection !== undefined) throw bad(server.url, `it redirects, and ${objection}`);
  return to;
}

// One that cannot be sent back, or would mean something else there (`*`, a list), is none. Some servers leave the quotes out.
function etagOf({ headers: { etag = '' } }: IncomingMessage): string | undefined {
  return etag.length <= 1_024 && /^(?:(?:W\/)?"[\x21\x23-\x7e]*"|[\w.~+/=:-]+)$/.test(etag) ? etag : undefined;
}

/** A URL as it may stand in a message: what comes after the path may be a secret. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
}

function bad(url: URL, reason: string): PolicyError {
  return new PolicyError('bundle_bad_response', `${shown(url)}: ${reason}; check the server and the URL`);
}
