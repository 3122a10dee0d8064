import { validateHeaderName, validateHeaderValue } from 'node:http';
import { createSecureContext } from 'node:tls';
import { isJsonObject } from '../json-object.js';
import { requireInRange } from '../number-range.js';
import { PolicyError } from '../policy-error.js';

/** HTTP header fields by name. */
export type BundleHeaders = Readonly<Record<string, string>>;

/** An HTTP server that serves a bundle as OPA fetches one. */
export interface BundleServer {
  /** Where the bundle is, `https:` (or `http:`, see `allowPlainHttp`). */
  readonly url: string;
  /** Sent to the URL's own host only; `authorization` for one. A function is asked before every request. */
  readonly headers?: BundleHeaders | (() => BundleHeaders | Promise<BundleHeaders>);
  /** The certificates, PEM, that the server's chain must end in. Default: those that Node trusts. */
  readonly ca?: string;
  /** After a check that worked, the next one follows after a random time between this and `maxDelayMs`. Default 60 000. */
  readonly minDelayMs?: number;
  /** Also the longest wait after failures, which begin at 100 ms and grow. Default 120 000. */
  readonly maxDelayMs?: number;
  /** How long one check may take, redirects and body included. Default 30 000. */
  readonly timeoutMs?: number;
  /**
   * Whether an `http:` URL may name a host other than this one. Whoever is on the way reads the headers and, unless bundles are
   * verified, writes the policy. Default `false`.
   */
  readonly allowPlainHttp?: boolean;
}

/** {@link BundleServer}, read. */
export interface ReadBundleServer {
  readonly url: URL;
  readonly headers: () => Promise<BundleHeaders>;
  readonly ca: string | undefined;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly timeoutMs: number;
  readonly allowPlainHttp: boolean;
}

/** Those that we set. */
const reserved: ReadonlySet<string> = new Set(['accept-encoding', 'connection', 'host', 'if-none-match', 'prefer']);

const members: ReadonlySet<string> = new Set<keyof BundleServer>([
  'url',
  'headers',
  'ca',
  'minDelayMs',
  'maxDelayMs',
  'timeoutMs',
  'allowPlainHttp',
]);

/** @throws {PolicyError} `option_invalid` */
export function readBundleServer(server: BundleServer): ReadBundleServer {
  // A misspelt `ca` would be any authority that Node trusts.
  const unknown = Object.keys(server).find((name) => !members.has(name));
  if (unknown !== undefined) throw invalid(`${unknown} is no known member`);
  const { headers = {}, ca, allowPlainHttp = false } = server;
  if (typeof allowPlainHttp !== 'boolean') throw invalid('allowPlainHttp must be true or false');
  const minDelayMs = requireInRange('bundle.minDelayMs', server.minDelayMs ?? 60_000);
  const maxDelayMs = requireInRange(
    'bundle.maxDelayMs',
    server.maxDelayMs ?? Math.max(120_000, minDelayMs),
    Math.max(minDelayMs, 1),
  );
  const timeoutMs = requireInRange('bundle.timeoutMs', server.timeoutMs ?? 30_000, 1);
  if (typeof headers !== 'function') checkHeaders(headers);
  if (ca !== undefined) checkCa(ca);
  return {
    url: readUrl(server.url, allowPlainHttp),
    headers: async () => {
      if (typeof headers !== 'function') return headers;
      let given: BundleHeaders;
      try {
        given = await headers();
      } catch (cause) {
        // Without its text, which may quote a token.
        throw new PolicyError('bundle_unreachable', `bundle: its headers cannot be had (${nameOf(cause)}); check \`headers\``, {
          cause,
        });
      }
      checkHeaders(given);
      return given;
    },
    ca,
    minDelayMs,
    maxDelayMs,
    timeoutMs,
    allowPlainHttp,
  };
}

/** Why a bundle may not be fetched from there, if so. */
export function objectionTo({ protocol, hostname, username, password }: URL, allowPlainHttp: boolean): string | undefined {
  if (username !== '' || password !== '') return 'the URL holds credentials; give them as headers';
  if (protocol === 'https:') return undefined;
  if (protocol !== 'http:') return 'the URL must begin with https:// or http://';
  if (allowPlainHttp || isThisHost(hostname)) return undefined;
  return 'the URL is plain http to another host; use https, or set allowPlainHttp';
}

function readUrl(text: string, allowPlainHttp: boolean): URL {
  if (!URL.canParse(text)) throw invalid('url is not a URL');
  const url = new URL(text);
  const objection = objectionTo(url, allowPlainHttp);
  if (objection !== undefined) throw invalid(objection);
  return url;
}

function isThisHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}

function checkHeaders(headers: BundleHeaders): void {
  if (!isJsonObject(headers)) throw invalid('headers must be an object, or a function that gives one');
  for (const [name, value] of Object.entries(headers)) {
    if (reserved.has(name.toLowerCase())) throw invalid(`the header ${name} is not for you to set`);
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      // Without the cause, which may quote a token.
      throw invalid(`the header ${JSON.stringify(name)} cannot be sent`);
    }
  }
}

function checkCa(ca: string): void {
  try {
    if (!ca.includes('-----BEGIN CERTIFICATE-----')) throw new Error('no certificate');
    createSecureContext({ ca });
  } catch (cause) {
    throw invalid('ca is not certificates in PEM', cause);
  }
}

function nameOf(cause: unknown): string {
  return cause instanceof Error ? cause.name : 'no error';
}

function invalid(reason: string, cause?: unknown): PolicyError {
  return new PolicyError('option_invalid', `bundle: ${reason}`, { cause });
}
