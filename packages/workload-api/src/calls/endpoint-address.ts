import { isIPv4, isIPv6 } from 'node:net';
import { WorkloadApiError } from '../workload-api-error.js';

/** The environment variable of Workload Endpoint §4. */
export const ENDPOINT_VARIABLE = 'SPIFFE_ENDPOINT_SOCKET';

const UNIX_SCHEME = 'unix:';
const TCP_PREFIX = 'tcp://';
/** sockaddr_un.sun_path of Linux, without the closing NUL. */
const MAX_SOCKET_PATH_BYTES = 107;
const LINK_LOCAL_IPV6 = /^fe[89ab][0-9a-f]:/i;
/** RFC 3986 §3.3: what a path is written with. The rest is escaped; Go's net/url, and go-spiffe with it, repairs it. */
const NOT_IN_URI_PATH = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]/u;
/** grpc-js throws at a target with a line break in it, and a NUL ends a path early. */
const UNUSABLE_IN_PATH = /[\p{Cc}\u2028\u2029]/u;

/** Where a Workload API listens. */
export type EndpointAddress =
  | { readonly kind: 'unix'; readonly path: string; readonly target: string; readonly text: string }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      /** Whether the host is loopback or link-local (W-6). */
      readonly local: boolean;
      readonly target: string;
      readonly text: string;
    };

/**
 * Reads an endpoint address strictly (Workload Endpoint §4): `unix:///absolute/path`, `unix:/absolute/path` or
 * `tcp://ip:port`. `target` is the same in grpc-js's spelling, which takes both of the standard's for DNS names.
 * Nothing is looked up.
 *
 * @throws WorkloadApiError `address_invalid`, with a sentence that shows the right form
 */
export function parseEndpointAddress(text: string): EndpointAddress {
  // Own scanner: WHATWG URL repairs what must be refused.
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c <= 0x1f || c === 0x7f) throw invalid(text, 'it holds a control character');
  }
  if (text !== text.trim()) throw invalid(text, 'it begins or ends with white space');
  if (text.startsWith(UNIX_SCHEME)) return parseUnix(text);
  if (text.startsWith(TCP_PREFIX)) return parseTcp(text);
  if (text.startsWith('/')) throw invalid(text, `a path needs its scheme: unix://${text}`);
  throw invalid(text, 'it has another scheme, or none');
}

function parseUnix(text: string): EndpointAddress {
  let path = text.slice(UNIX_SCHEME.length);
  if (path.startsWith('//')) {
    path = path.slice(2);
    if (!path.startsWith('/')) throw invalid(text, 'a host is not allowed before the path; an absolute path has three slashes');
  }
  if (!path.startsWith('/')) throw invalid(text, 'the path must be absolute');
  if (path.includes('?') || path.includes('#')) throw invalid(text, 'a query or fragment is not allowed');
  requireUriPath(text, path);
  path = decodePercent(text, path);
  if (path.endsWith('/')) throw invalid(text, 'the path ends with a slash, which no socket does');
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw invalid(text, `a socket's path has at most ${MAX_SOCKET_PATH_BYTES} bytes`);
  }
  return { kind: 'unix', path, target: `unix://${path}`, text };
}

function requireUriPath(text: string, path: string): void {
  const [found] = NOT_IN_URI_PATH.exec(path) ?? [];
  if (found === undefined) return;
  // There is no escape for half of a surrogate pair, at which encodeURIComponent throws.
  const escaped = /\p{Cs}/u.test(found) ? '' : `; it is written ${encodeURIComponent(found)}`;
  throw invalid(text, `a URI does not hold the character ${JSON.stringify(found)}${escaped}`);
}

/** The address is a URI (RFC 3986 §2.1), so `%20` in it is a space in the path: for go-spiffe, too, and what it dials with. */
function decodePercent(text: string, path: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    throw invalid(text, 'a percent sign must begin an escape of two hex digits, and escapes together must be UTF-8');
  }
  if (UNUSABLE_IN_PATH.test(decoded)) throw invalid(text, 'the path holds a control character or a line break');
  return decoded;
}

function parseTcp(text: string): EndpointAddress {
  const rest = text.slice(TCP_PREFIX.length);
  if (/[/?#]/.test(rest)) throw invalid(text, 'a path, query or fragment is not allowed');
  if (rest.includes('@')) throw invalid(text, 'user information is not allowed');
  const colon = rest.lastIndexOf(':');
  const portText = rest.slice(colon + 1);
  if (colon === -1 || portText === '' || portText.endsWith(']')) throw invalid(text, 'the port is missing');
  // RFC 3986 §3.2.3: digits, zeros in front of them too.
  const port = /^[0-9]+$/.test(portText) ? Number(portText) : 0;
  if (port < 1 || port > 65535) throw invalid(text, 'the port must be a number from 1 to 65535');
  return tcpAddress(text, rest.slice(0, colon), port);
}

function tcpAddress(text: string, host: string, port: number): EndpointAddress {
  if (isIPv4(host)) {
    const local = host.startsWith('127.') || host.startsWith('169.254.');
    return { kind: 'tcp', host, port, local, target: `ipv4:${host}:${port}`, text };
  }
  const inner = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : '';
  // RFC 4007's zones are no part of RFC 3986, and go-spiffe refuses them too.
  if (inner.includes('%')) throw invalid(text, 'a zone identifier is not allowed');
  if (isIPv6(inner)) {
    const local = isLoopbackIpv6(inner) || LINK_LOCAL_IPV6.test(inner);
    return { kind: 'tcp', host: inner, port, local, target: `ipv6:[${inner}]:${port}`, text };
  }
  if (isIPv6(host)) throw invalid(text, 'an IPv6 address is written in brackets: tcp://[::1]:8000');
  throw invalid(text, 'the host must be an IP address, not a name');
}

/** `::1` in any spelling. */
function isLoopbackIpv6(host: string): boolean {
  return /^(0*:)*0*:0*1$/.test(host);
}

function invalid(text: string, why: string): WorkloadApiError {
  // JSON: a control character in the address must not reach a terminal or log as it is.
  const shown = JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
  return new WorkloadApiError(
    'address_invalid',
    `${shown} is no Workload API address: ${why}. Right are unix:///absolute/path/to/agent.sock and tcp://127.0.0.1:8000.`,
  );
}
