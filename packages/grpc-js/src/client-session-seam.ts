import { type ClientHttp2Session, constants } from 'node:http2';
import type { TLSSocket } from 'node:tls';

/** For so many turns of the event loop nothing but that is waited for; then whoever asked asks again. */
const MAX_TURNS = 20;

/**
 * The one place that touches what Node and grpc-js keep private on the client side: the HTTP/2 session that grpc-js made
 * on a socket of ours, and that it listens to its `goaway`. The shape is checked each time; with another one the
 * connection stays in use until its proof ends. `client-session-seam.test.ts` pins it.
 *
 * Tells grpc-js what a GOAWAY of the server would: no new calls on this connection, those in flight run out, the next
 * call dials anew. Answers `false` when that is still to be done: grpc-js does not listen yet, or something is unsent.
 */
export function drainClientSession(socket: TLSSocket): boolean {
  const session = sessionOf(socket);
  if (session === undefined) {
    return false;
  }
  if (!tryToDrain(session)) {
    drainSoon(session, MAX_TURNS);
    return false;
  }
  return true;
}

/** Tries again when what was unsent has been sent, which is once in every turn of the event loop. */
function drainSoon(session: ClientHttp2Session, turns: number): void {
  setImmediate(() => {
    if (!tryToDrain(session) && turns > 1) {
      drainSoon(session, turns - 1);
    }
  });
}

/**
 * grpc-js closes the session when it is told, and the GOAWAY of that overtakes the headers of calls that wait to be sent:
 * the server would refuse them. So nothing may wait.
 */
function tryToDrain(session: ClientHttp2Session): boolean {
  try {
    if (session.closed || session.destroyed) {
      return true;
    }
    if (session.listenerCount('goaway') === 0 || session.state.outboundQueueSize !== 0) {
      return false;
    }
    session.emit('goaway', constants.NGHTTP2_NO_ERROR, 0, Buffer.alloc(0));
    return true;
  } catch {
    return false; // this may run from a timer, where a throw would end the process
  }
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
