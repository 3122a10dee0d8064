import type { ServerHttp2Session } from 'node:http2';
import type { Connection, Guard } from '@dirgate/guard';
import { readPeerChain } from '@dirgate/tls';
import type { ServerInterceptingCall, ServerInterceptingCallInterface, ServerInterceptor } from '@grpc/grpc-js';
import type { CallShape } from './call-shape.js';
import { activeCallerContext, setCaller } from './caller-context.js';
import { GuardedServerCall } from './guarded-server-call.js';
import { stripIdentityMetadata } from './identity-metadata.js';
import { refuseCall } from './refuse-call.js';
import { drainSession, readCallTransport, readPresented, readTlsSocket } from './transport-seam.js';

/** A method as grpc-js hands it to interceptors. */
type ServerMethod = CallShape & Pick<Parameters<ServerInterceptor>[0], 'requestDeserialize'>;

/**
 * The way of one call into a server. Authentication and the `call` phase happen here, synchronously, before a byte is
 * deserialized: one tick later the handlers of request streams would already have started (node-facts N-60).
 */
export function createGuardInterceptor(guard: Guard): ServerInterceptor {
  const connections = new WeakMap<ServerHttp2Session, Connection>();

  const admit = (path: string, call: ServerInterceptingCallInterface, shape: ServerMethod): ServerInterceptingCallInterface => {
    const transport = readCallTransport(call);
    if (transport === undefined) {
      return refuseUnread(guard, path, call);
    }
    const { metadata, stream, session } = transport;
    const connection = connections.get(session) ?? openConnection(guard, session, connections);
    if (connection === undefined) {
      return refuseUnread(guard, path, call);
    }
    const admission = guard.admit({
      connection,
      method: path,
      authorization: metadata.get('authorization').map(String),
      traceparent: metadata.get('traceparent').map(String),
      deserialize: shape.requestDeserialize,
    });
    if (admission.kind === 'refused') {
      refuseCall(call, stream, admission.refusal);
      return neverStarted(call);
    }
    const { call: admitted } = admission;
    stripIdentityMetadata(metadata);
    setCaller(metadata, admitted.caller);
    stream.once('close', () => admitted.end());
    const context = activeCallerContext();
    const judgesMessages = admitted.judgesRequests || admitted.judgesResponses;
    if (!judgesMessages && !shape.responseStream && context === undefined) {
      admitted.watch((refusal) => refuseCall(call, stream, refusal), false);
      return call;
    }
    return new GuardedServerCall(call, stream, admitted, shape, context);
  };

  const guardCall: typeof admit = (path, call, shape) => {
    try {
      return admit(path, call, shape);
    } catch {
      return refuseUnread(guard, path, call); // a throw here would end the process (N-63)
    }
  };

  // grpc-js types the result as its own class, but uses the interface alone.
  return (method, call) => guardCall(method.path, call, method) as ServerInterceptingCall;
}

/** Reads a connection, once: its first call opens it, the others find it. `undefined` when it is not TLS, or gone. */
function openConnection(
  guard: Guard,
  session: ServerHttp2Session,
  connections: WeakMap<ServerHttp2Session, Connection>,
): Connection | undefined {
  const socket = readTlsSocket(session);
  if (socket === undefined) {
    return undefined;
  }
  const facts = {
    peerChain: guard.accept === 'jwt' ? [] : readPeerChain(socket),
    resumed: socket.isSessionReused(),
    peerAddress: `${socket.remoteAddress}:${socket.remotePort}`,
    presented: readPresented(socket),
  };
  const connection = guard.connect(facts, () => drainSession(session));
  connections.set(session, connection);
  session.once('close', () => guard.disconnect(connection));
  return connection;
}

/** Refuses a call of which the connection could not even be read. */
function refuseUnread(guard: Guard, path: string, call: ServerInterceptingCallInterface): ServerInterceptingCallInterface {
  refuseCall(call, undefined, guard.refuseUnread(path));
  return neverStarted(call);
}

/**
 * A refused call, whose handler never starts. grpc-js starts none of a call that was answered, but no refusal rests on an
 * answer that could be sent.
 */
function neverStarted(call: ServerInterceptingCallInterface): ServerInterceptingCallInterface {
  return Object.create(call, { start: { value: () => undefined } });
}
