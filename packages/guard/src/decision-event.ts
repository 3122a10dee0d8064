import type { Phase } from './catalogue.js';
import type { FailureCode } from './refusal.js';

/** One decision of the guard, failed authentications and withdrawals included. Holds no token and no claim. */
export interface DecisionEvent {
  /** The id that a refused caller sees too. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** `/package.Service/Method`, as registered with the server. */
  readonly method: string;
  /** What was judged; `revocation` ends a call that had been allowed. */
  readonly step: 'authentication' | 'revocation' | Phase;
  readonly allow: boolean;
  /** `allowed`, or why not. */
  readonly code: 'allowed' | FailureCode;
  /** Stable codes that say more: the policy's reasons, or the code of the broken SPIFFE rule. */
  readonly reasons: readonly string[];
  /** Row of the SPIFFE rule set that was broken, for example `X-17`. */
  readonly rule?: string | undefined;
  /** SPIFFE ID of the caller, once proven. */
  readonly subject?: string | undefined;
  readonly credential?: 'x509-svid' | 'jwt-svid' | undefined;
  readonly resource?: { readonly type: string; readonly id?: string | undefined } | undefined;
  /** Revision of the policy that answered. */
  readonly revision?: string | undefined;
  /** Address and port of the connection. */
  readonly peerAddress: string;
}

/**
 * Takes events. Called on the path of the call, so it must be quick: format and write elsewhere. What it throws is
 * swallowed; it can neither allow nor refuse.
 */
export type DecisionSink = (event: DecisionEvent) => void;
