import type { Http2Stream, ServerHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { Metadata, type ServerInterceptingCallInterface } from '@grpc/grpc-js';

/**
 * The one place that touches what grpc-js keeps private (DESIGN §4.10): the inbound metadata and the HTTP/2 stream of a
 * call, in the interceptor function of server credentials, where `call` is the innermost call (node-facts N-60).
 * The shape is checked on every call that is read here; another shape refuses the call. `transport-seam.test.ts` pins it.
 */
export interface CallTransport {
  /** The very object that the handler will see as `call.metadata`. */
  readonly metadata: Metadata;
  readonly stream: Http2Stream;
  /** The same object for all calls of one connection. */
  readonly session: ServerHttp2Session;
}

/** Reads the transport of a call, or answers `undefined` when grpc-js does not look as it should. */
export function readCallTransport(call: ServerInterceptingCallInterface): CallTransport | undefined {
  const { metadata, stream } = call as { metadata?: unknown; stream?: Http2Stream };
  const session = stream?.session;
  if (!(metadata instanceof Metadata) || stream === undefined || session === undefined || typeof stream.once !== 'function') {
    return undefined;
  }
  return { metadata, stream, session: session as ServerHttp2Session };
}

/**
 * Asks the peer of a session to dial anew: GOAWAY, and the session ends once the calls in flight have. Streams that cross
 * it are refused without having been processed, so a client may send them again, as clients of gRPC do by default. A
 * GOAWAY of the highest stream ahead of it saves none: from the first GOAWAY on nghttp2 ignores new streams. Never throws.
 */
export function drainSession(session: ServerHttp2Session): void {
  try {
    session.close();
  } catch {
    // This runs from a timer, where a throw would end the process. What cannot be closed has ended already.
  }
}

/**
 * When the certificate is valid that this side presented, read from the socket: the server may have rotated since the
 * handshake. `undefined` when Node does not tell.
 */
export function readPresented(socket: TLSSocket): { readonly validFrom: number; readonly validUntil: number } | undefined {
  const own = socket.getX509Certificate();
  return own && { validFrom: Date.parse(own.validFrom), validUntil: Date.parse(own.validTo) };
}

/**
 * The TLS socket of a session. It is a proxy that refuses some methods, but not those that read (N-19).
 * `undefined` when the connection is not TLS, or gone.
 */
export function readTlsSocket(session: ServerHttp2Session): TLSSocket | undefined {
  const socket = session.destroyed ? undefined : (session.socket as Partial<TLSSocket> | undefined);
  const isTls = typeof socket?.getPeerX509Certificate === 'function' && typeof socket.isSessionReused === 'function';
  return isTls ? (socket as TLSSocket) : undefined;
}
