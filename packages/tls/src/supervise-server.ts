import type { TLSSocket } from 'node:tls';
import { type VerifiedX509Svid, verifyX509Svid, type X509Source } from '@dirgate/spiffe';
import { TlsError } from './tls-error.js';

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

/** Destroys the socket when what it was opened on does not hold any more. Ends with the socket. */
export function superviseServer({ socket, chain, proof, identity, presentsSvid, clock }: SupervisedConnection): void {
  let current = proof;
  const end = (error: TlsError): void => {
    socket.destroy(error);
  };
  const checkDeadline = (): void => {
    if (clock() > current.validUntil) {
      end(new TlsError('server_expired', "the server's X509-SVID has expired"));
    }
  };
  const checkTrust = (): void => {
    if (presentsSvid && identity.x509Svid() === undefined) {
      end(new TlsError('identity_withdrawn', 'our own X509-SVID was withdrawn'));
    } else if (identity.x509Bundle(current.id.trustDomain) !== current.bundle) {
      try {
        current = verifyX509Svid(chain, identity, { now: clock(), usage: 'server' });
      } catch (cause) {
        end(new TlsError('trust_withdrawn', "the server's trust domain does not vouch for it any more", { cause }));
      }
    }
  };
  const timer = setInterval(checkDeadline, SWEEP_MS).unref();
  const stop = identity.onChange(checkTrust);
  socket.once('close', () => {
    clearInterval(timer);
    stop();
  });
}
