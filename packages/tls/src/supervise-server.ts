import type { TLSSocket } from 'node:tls';
import type { VerifiedX509Svid, X509Source, X509Svid } from '@dirgate/spiffe';
import { renewalInstant } from './renewal.js';

/** A proven connection to a server. */
export interface SupervisedConnection {
  readonly socket: TLSSocket;
  readonly proof: VerifiedX509Svid;
  /** Proves the server anew; throws when nobody vouches for it. Connections to one server share what that costs. */
  readonly prove: (now: number) => VerifiedX509Svid;
  readonly identity: X509Source;
  /** What we presented ourselves, if anything. */
  readonly presented: X509Svid | undefined;
  /** Called when a new connection would be better than this one, until it answers `true`. */
  readonly askToRenew: ((socket: TLSSocket) => boolean) | undefined;
  readonly clock: () => number;
}

/** Whether an SVID that was presented is ours, be it rotated since. Another identity in its place means that it was taken away (W-20). */
export function isStillOurs(presented: X509Svid, identity: X509Source): boolean {
  return identity.x509Svid()?.id.equals(presented.id) === true;
}

/** How often the deadline is looked at; a clock that jumps is noticed too. */
const SWEEP_MS = 250;

/**
 * Destroys the socket when what it was opened on does not hold any more, and asks for another one before it comes to
 * that: ahead of the end of either certificate, before the server would ask for it, and once our own SVID has rotated,
 * since the server will not keep what the old one proves. Ends with the socket. It is destroyed without an error: with
 * one, Node's HTTP/2 tells the calls on it INTERNAL instead of a lost connection.
 */
export function superviseServer(connection: SupervisedConnection): void {
  const { socket, proof, prove, identity, presented, clock } = connection;
  let { askToRenew } = connection;
  let current = proof;
  const [openedAt, spread] = [clock(), Math.random()];
  const ends = presented === undefined ? [proof] : [proof, presented];
  const renewAt = Math.min(...ends.map((validity) => renewalInstant(validity, openedAt, spread)));
  const holds = (): boolean => {
    const now = clock();
    if (!(now <= current.validUntil) || (presented !== undefined && !isStillOurs(presented, identity))) {
      return false;
    }
    if (identity.x509Bundle(current.id.trustDomain) !== current.bundle) {
      try {
        current = prove(now);
      } catch {
        return false; // its trust domain does not vouch for it any more
      }
    }
    return true;
  };
  const renews = (): boolean => (presented !== undefined && identity.x509Svid() !== presented) || !(clock() < renewAt);
  const check = (): void => {
    try {
      if (holds()) {
        if (askToRenew !== undefined && renews() && askToRenew(socket)) {
          askToRenew = undefined;
        }
        return;
      }
    } catch {
      // An identity source that throws proves nothing, and from a timer its error would end the process.
    }
    socket.destroy();
  };
  const stop = identity.onChange(check);
  const timer = setInterval(check, SWEEP_MS).unref();
  socket.once('close', () => {
    clearInterval(timer);
    stop();
  });
}
