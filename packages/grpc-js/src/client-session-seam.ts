import { type ClientHttp2Session, constants } from 'node:http2';
import type { TLSSocket } from 'node:tls';

/**
 * The one place that touches what Node and grpc-js keep private on the client side: the HTTP/2 session that grpc-js made
 * on a socket of ours, and that it listens to its `goaway`. The shape is checked each time; with another one the
 * connection stays in use until its proof ends. `client-session-seam.test.ts` pins it.
 *
 * Tells grpc-js what a GOAWAY of the server would: no new calls on this connection, those in flight run out, the next
 * call dials anew. Answers `false` when there was nobody to tell, which may change while the connection is being set up.
 */
export function drainClientSession(socket: TLSSocket): boolean {
  const session = sessionOf(socket);
  if (session === undefined || session.listenerCount('goaway') === 0) {
    return false;
  }
  session.emit('goaway', constants.NGHTTP2_NO_ERROR, 0, Buffer.alloc(0));
  return true;
}

/** Node keeps the session in a property of the socket whose name differs, so it is known by what it can do. */
function sessionOf(socket: TLSSocket): ClientHttp2Session | undefined {
  for (const key of Reflect.ownKeys(socket)) {
    const value: unknown = Reflect.get(socket, key);
    if (isSession(value)) {
      return value;
    }
  }
  return undefined;
}

function isSession(value: unknown): value is ClientHttp2Session {
  const { request, goaway, close, emit } = (value ?? {}) as Partial<ClientHttp2Session>;
  return [request, goaway, close, emit].every((method) => typeof method === 'function');
}
