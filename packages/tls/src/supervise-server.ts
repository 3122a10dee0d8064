import type { TLSSocket } from 'node:tls';
import { type VerifiedX509Svid, verifyX509Svid, type X509Source } from '@dirgate/spiffe';

/** A proven connection to a server. */
export interface SupervisedConnection {
  readonly socket: TLSSocket;
  /** The chain that the server presented, DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly proof: VerifiedX509Svid;
  readonly identity: X509Source;
  readonly presentsSvid: boolean;
  readonly clock: () => number;
}

/** How often the deadline is looked at; a clock that jumps is noticed too. */
const SWEEP_MS = 500;

/**
 * Destroys the socket when what it was opened on does not hold any more. Ends with the socket. It is destroyed without
 * an error: with one, Node's HTTP/2 tells the calls on it INTERNAL instead of a lost connection.
 */
export function superviseServer({ socket, chain, proof, identity, presentsSvid, clock }: SupervisedConnection): void {
  let current = proof;
  const holds = (): boolean => {
    const now = clock();
    if (!(now <= current.validUntil) || (presentsSvid && identity.x509Svid() === undefined)) {
      return false;
    }
    if (identity.x509Bundle(current.id.trustDomain) !== current.bundle) {
      try {
        current = verifyX509Svid(chain, identity, { now, usage: 'server' });
      } catch {
        return false; // its trust domain does not vouch for it any more
      }
    }
    return true;
  };
  const check = (): void => {
    try {
      if (holds()) {
        return;
      }
    } catch {
      // An identity source that throws proves nothing, and from a timer its error would end the process.
    }
    socket.destroy();
  };
  const timer = setInterval(check, SWEEP_MS).unref();
  const stop = identity.onChange(check);
  socket.once('close', () => {
    clearInterval(timer);
    stop();
  });
}
