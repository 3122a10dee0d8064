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
 * The TLS socket of a session. It is a proxy that refuses some methods, but not those that read (N-19).
 * `undefined` when the connection is not TLS, or gone.
 */
export function readTlsSocket(session: ServerHttp2Session): TLSSocket | undefined {
  const socket = session.destroyed ? undefined : (session.socket as Partial<TLSSocket> | undefined);
  const isTls = typeof socket?.getPeerX509Certificate === 'function' && typeof socket.isSessionReused === 'function';
  return isTls ? (socket as TLSSocket) : undefined;
}
