import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { GuardError } from '../guard-error.js';
import type { DecisionUploadOptions } from './decision-upload-options.js';

/** What came of one attempt. `refused`: sending the same again would be no better. */
export type UploadOutcome = { readonly kind: 'accepted' } | { readonly kind: 'failed' | 'refused'; readonly reason: string };

/** It is not going to like the same bytes later. */
const REFUSED_FOR_GOOD: ReadonlySet<number> = new Set([400, 413, 422]);
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const HEADER_TEXT = /^[\x20-\x7e]+$/;

/** One service that takes decision logs over HTTP. */
export class LogService {
  readonly #url: URL;
  readonly #options: DecisionUploadOptions;
  readonly #timeoutMs: number;

  /** @throws {GuardError} `config_invalid` */
  constructor(options: DecisionUploadOptions, timeoutMs: number) {
    this.#url = readUrl(options);
    this.#options = options;
    this.#timeoutMs = timeoutMs;
  }

  /** Sends one batch. Never rejects. */
  async post(body: Buffer): Promise<UploadOutcome> {
    const signal = AbortSignal.timeout(this.#timeoutMs); // of the answer's body too, which is not looked at
    let authorization: string | undefined;
    try {
      const { authorization: given } = this.#options;
      authorization = typeof given === 'function' ? await before(signal, given) : given;
      if (authorization !== undefined && !HEADER_TEXT.test(authorization)) {
        return { kind: 'failed', reason: 'authorization_failed' };
      }
    } catch {
      return { kind: 'failed', reason: 'authorization_failed' };
    }
    try {
      const status = await this.#send(body, authorization, signal);
      if (status >= 200 && status < 300) {
        return { kind: 'accepted' };
      }
      return { kind: REFUSED_FOR_GOOD.has(status) ? 'refused' : 'failed', reason: `HTTP ${status}` };
    } catch (error) {
      return { kind: 'failed', reason: reasonOf(error) };
    }
  }

  #send(body: Buffer, authorization: string | undefined, signal: AbortSignal): Promise<number> {
    const send = this.#url.protocol === 'https:' ? requestHttps : requestHttp;
    return new Promise((resolve, reject) => {
      const request = send(this.#url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-encoding': 'gzip',
          'content-length': body.length,
          ...(authorization !== undefined && { authorization }),
        },
        ...(this.#options.agent !== undefined && { agent: this.#options.agent }),
        signal,
      });
      request.on('error', reject);
      request.on('close', () => reject(new Error('no answer'))); // 101 ends it without an error
      request.on('response', (response) => {
        response.on('error', () => undefined).resume();
        resolve(response.statusCode ?? 0);
      });
      request.end(body);
    });
  }
}

/** What `ask` answers, but not later than the signal. */
function before<T>(signal: AbortSignal, ask: () => T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    Promise.resolve().then(ask).then(resolve, reject);
  });
}

function readUrl({ url: text, partition, authorization, plaintext = false }: DecisionUploadOptions): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new GuardError('config_invalid', `url: not an http or https URL: ${JSON.stringify(text)}`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new GuardError('config_invalid', 'url: must hold neither a password nor a query; give `authorization`');
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname) && (!plaintext || authorization !== undefined)) {
    throw new GuardError('config_invalid', `url: ${url.origin} would be spoken to in the clear: use https`);
  }
  if (typeof authorization === 'string' && !HEADER_TEXT.test(authorization)) {
    throw new GuardError('config_invalid', 'authorization: not the text of a header');
  }
  if (partition !== undefined && ['', '.', '..'].includes(partition)) {
    throw new GuardError('config_invalid', 'partition: must be a name, and not empty, . or ..');
  }
  const path = partition === undefined ? 'logs' : `logs/${encodeURIComponent(partition)}`;
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${path}`;
  return url;
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')) {
    return 'timeout';
  }
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'request_failed';
}
