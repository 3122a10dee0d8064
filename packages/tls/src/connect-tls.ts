import type { Socket } from 'node:net';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import { timerProblem } from '@dirgate/live';
import {
  createX509SvidVerifier,
  type SpiffeIdMatcher,
  type VerifiedX509Svid,
  type X509Source,
  type X509SvidVerifier,
} from '@dirgate/spiffe';
import { readPeerChain } from './peer-chain.js';
import { secureContextOptions, type TlsVersion } from './secure-context.js';
import { isStillOurs, superviseServer } from './supervise-server.js';
import { TlsError } from './tls-error.js';

/** How many servers an identity remembers to have proven. */
const MAX_SERVERS = 256;

/** How to connect. */
export interface ConnectTlsOptions {
  /** A connected stream; it belongs to the TLS socket from now on. */
  readonly socket: Socket;
  /** What to present, and the bundles that the server is judged by. */
  readonly identity: X509Source;
  /** Which server identity is expected. There is no default. */
  readonly server: SpiffeIdMatcher;
  /** Whether to present our X509-SVID. */
  readonly presentSvid: boolean;
  /** ALPN protocol that the server must choose. */
  readonly protocol: string;
  /** Server name for SNI; not part of the identity check. */
  readonly servername?: string;
  /** Default `TLSv1.3`. */
  readonly minVersion?: TlsVersion;
  /** Default 10,000. */
  readonly handshakeTimeoutMs?: number;
  /**
   * Called when this connection is still good but a new one would be better: the SVID that we presented has rotated, or
   * nears its end, or the server's certificate does. Called again, at least twice a second, until it answers `true`. A
   * throw ends the connection.
   */
  readonly askToRenew?: (socket: TLSSocket) => boolean;
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly clock?: () => number;
}

/**
 * Completes a TLS handshake and proves the server: its chain is verified against the bundle of its own trust domain and
 * its SPIFFE ID is the expected one **before** the promise resolves, so not a byte of a request has left. From then on
 * the socket is destroyed when that proof ends: the server's certificate expires, or its trust domain's bundle is
 * withdrawn or changed so that it does not vouch for the server any more. It is also destroyed when our own identity is
 * withdrawn, or another one comes in its place, if we presented it.
 *
 * @throws {TlsError} as a rejection, {RangeError} for an unknown `minVersion` or a `handshakeTimeoutMs` that no timer can wait; the
 * socket is destroyed then
 */
export async function connectTls(options: ConnectTlsOptions): Promise<TLSSocket> {
  try {
    return await connectProven(options);
  } catch (error) {
    options.socket.destroy(); // whatever it is: an identity source may throw, too
    throw error;
  }
}

async function connectProven({ handshakeTimeoutMs = 10_000, ...options }: ConnectTlsOptions): Promise<TLSSocket> {
  const { identity, presentSvid, clock = Date.now } = options;
  const problem = timerProblem('handshakeTimeoutMs', handshakeTimeoutMs, 1);
  if (problem !== undefined) throw new RangeError(problem);
  const svid = presentSvid ? identity.x509Svid() : undefined;
  if (presentSvid && svid === undefined) {
    throw new TlsError('no_identity', 'there is no X509-SVID to present: wait for the identity source');
  }
  let socket: TLSSocket;
  try {
    socket = await shakeHands(options, secureContextOptions(svid, options.minVersion), handshakeTimeoutMs);
  } catch (cause) {
    if (cause instanceof TlsError || cause instanceof RangeError) {
      throw cause;
    }
    throw new TlsError('handshake_failed', 'TLS handshake failed: our own SVID cannot be presented', { cause });
  }
  try {
    const chain = readPeerChain(socket);
    const prove = (now: number): VerifiedX509Svid => verifierOf(identity).verify(chain, now);
    const proof = proveServer(socket, prove, options, clock());
    if (socket.destroyed) {
      throw new TlsError('handshake_failed', 'TLS handshake failed: the connection was closed');
    }
    if (svid !== undefined && !isStillOurs(svid, identity)) {
      throw new TlsError('no_identity', 'the X509-SVID that was presented was withdrawn in the handshake');
    }
    superviseServer({ socket, proof, prove, identity, presented: svid, askToRenew: options.askToRenew, clock });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Servers that are dialled again, or many times, cost a look-up, and none of them is revived by a clock that jumps back. */
const verifiers = new WeakMap<X509Source, X509SvidVerifier>();

function verifierOf(identity: X509Source): X509SvidVerifier {
  let verifier = verifiers.get(identity);
  if (verifier === undefined) {
    verifier = createX509SvidVerifier({ bundles: identity, usage: 'server', maxCachedChains: MAX_SERVERS });
    verifiers.set(identity, verifier);
  }
  return verifier;
}

function proveServer(
  socket: TLSSocket,
  prove: (now: number) => VerifiedX509Svid,
  { server, protocol }: ConnectTlsOptions,
  now: number,
): VerifiedX509Svid {
  if (socket.isSessionReused()) {
    throw new TlsError('session_resumed', 'the server resumed a TLS session, which proves nothing');
  }
  if (socket.alpnProtocol !== protocol) {
    throw new TlsError('protocol_mismatch', `the server does not speak ${protocol}`);
  }
  let proof: VerifiedX509Svid;
  try {
    proof = prove(now);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown';
    throw new TlsError('server_unverified', `the server's X509-SVID was not accepted: ${why}`, { cause });
  }
  if (!server.matches(proof.id)) {
    throw new TlsError('server_unexpected', `expected ${server.description}, but the server is ${proof.id}`);
  }
  return proof;
}

function shakeHands(
  { socket, protocol, servername }: ConnectTlsOptions,
  context: ReturnType<typeof secureContextOptions>,
  handshakeTimeoutMs: number,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) {
      reject(new TlsError('handshake_failed', 'TLS handshake failed: the connection was closed')); // Node would wait
      return;
    }
    const tlsSocket = connect({
      socket,
      secureContext: createSecureContext(context),
      // Node's own check knows neither SPIFFE IDs nor roots per trust domain; ours runs before the socket is handed out.
      rejectUnauthorized: false,
      ALPNProtocols: [protocol],
      ...(servername !== undefined && { servername }),
    });
    const fail = (cause?: unknown): void => {
      clearTimeout(timer);
      tlsSocket.destroy();
      const why = cause instanceof Error ? cause.message : 'the connection was closed';
      reject(new TlsError('handshake_failed', `TLS handshake failed: ${why}`, { cause }));
    };
    const timer = setTimeout(() => fail(new Error(`no answer within ${handshakeTimeoutMs} ms`)), handshakeTimeoutMs);
    tlsSocket.on('error', fail); // stays: a socket without an error listener ends the process
    tlsSocket.once('close', fail);
    tlsSocket.once('secureConnect', () => {
      clearTimeout(timer);
      tlsSocket.off('close', fail);
      resolve(tlsSocket);
    });
  });
}
