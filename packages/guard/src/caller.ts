import type { SpiffeId, TrustDomain, VerifiedJwtSvid, VerifiedX509Svid } from '@dirgate/spiffe';
import { frozen } from './frozen.js';
import type { DecisionInput } from './gen/decision-input.js';

/** The workload at the other end of the connection, when a token names somebody else as the caller. */
export interface CallerPeer {
  readonly id: SpiffeId;
  readonly trustDomain: TrustDomain;
  readonly federated: boolean;
}

/** Who calls, proven. Frozen. */
export interface Caller {
  readonly id: SpiffeId;
  readonly trustDomain: TrustDomain;
  /** The kind of SVID that proves `id`. */
  readonly credential: 'x509-svid' | 'jwt-svid';
  /** The caller's trust domain is not the server's. */
  readonly federated: boolean;
  /** Until when the proof holds, in milliseconds since the epoch; it may be withdrawn before. */
  readonly validUntil: number;
  /** The audience of the token; present for `jwt-svid` only. */
  readonly audience?: readonly string[];
  /** The verified claims of the token; they mean what the caller's own trust domain means by them (ID-14). */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The X.509 workload that carried the token, when it presented a valid SVID of its own. */
  readonly peer?: CallerPeer;
}

/** A caller with its part of the policy input, built once. */
export interface AuthenticatedCaller {
  readonly caller: Caller;
  readonly subject: DecisionInput['subject'];
}

/** The caller that an X.509-SVID proves. */
export function callerOfX509Svid(svid: VerifiedX509Svid, home: TrustDomain): AuthenticatedCaller {
  return withSubject({
    id: svid.id,
    trustDomain: svid.id.trustDomain,
    credential: 'x509-svid',
    federated: !svid.id.trustDomain.equals(home),
    validUntil: svid.validUntil,
  });
}

/** The caller that a JWT-SVID proves, carried by `peer` if that presented a certificate. */
export function callerOfJwtSvid(
  token: VerifiedJwtSvid,
  peer: VerifiedX509Svid | undefined,
  home: TrustDomain,
): AuthenticatedCaller {
  return withSubject({
    id: token.id,
    trustDomain: token.id.trustDomain,
    credential: 'jwt-svid',
    federated: !token.id.trustDomain.equals(home),
    validUntil: peer === undefined ? token.validUntil : Math.min(token.validUntil, peer.validUntil),
    audience: token.audience,
    claims: token.claims,
    ...(peer && {
      peer: Object.freeze({ id: peer.id, trustDomain: peer.id.trustDomain, federated: !peer.id.trustDomain.equals(home) }),
    }),
  });
}

function withSubject(caller: Caller): AuthenticatedCaller {
  const { peer } = caller;
  return {
    caller: Object.freeze(caller),
    subject: frozen({
      type: 'workload',
      id: caller.id.toString(),
      properties: {
        trust_domain: caller.trustDomain.name,
        path: caller.id.segments,
        credential: caller.credential,
        federated: caller.federated,
        audience: caller.audience ?? [],
        claims: caller.claims ?? {},
        peer: peer
          ? { id: peer.id.toString(), trust_domain: peer.trustDomain.name, path: peer.id.segments, federated: peer.federated }
          : null,
      },
    }),
  };
}
