import type { IdentitySource, TrustDomain } from '@dirgate/spiffe';
import type { Authentication, Authenticator } from './authentication/authenticator.js';
import type { Connection } from './authentication/connection.js';
import type { Sweep } from './authentication/sweep.js';
import type { PolicyJudge } from './decision/policy-judge.js';
import type { DecisionRecorder } from './decision-log/decision-recorder.js';
import type { DecisionInput } from './gen/decision-input.js';
import { Failure } from './refusal.js';

/** What the calls of one guard share. */
export interface GuardCoreParts {
  readonly identity: IdentitySource;
  readonly trustDomain: TrustDomain;
  readonly authenticator: Authenticator;
  readonly judge: PolicyJudge;
  readonly recorder: DecisionRecorder;
  readonly sweep: Sweep;
  readonly clock: () => number;
  /** How long a stream may outlive the expiry of its identity. */
  readonly afterExpiryMs: number;
}

/** The guard's own state and the proofs that every call, new or live, needs. */
export class GuardCore {
  readonly judge: PolicyJudge;
  readonly recorder: DecisionRecorder;
  readonly sweep: Sweep;
  readonly #parts: GuardCoreParts;
  #closed = false;
  #server: DecisionInput['context']['server'];

  constructor(parts: GuardCoreParts) {
    this.#parts = parts;
    this.#server = Object.freeze({ trust_domain: parts.trustDomain.name });
    this.judge = parts.judge;
    this.recorder = parts.recorder;
    this.sweep = parts.sweep;
  }

  now(): number {
    return this.#parts.clock();
  }

  /** `context.server` of the policy input; the same object until the server's own ID changes. */
  server(): DecisionInput['context']['server'] {
    const id = this.#parts.identity.x509Svid()?.id.toString();
    if (id !== this.#server.id) {
      const trust_domain = this.#parts.trustDomain.name;
      this.#server = Object.freeze(id === undefined ? { trust_domain } : { id, trust_domain });
    }
    return this.#server;
  }

  /** Ends all live calls and refuses every later one: nothing watches over them any more. */
  close(): void {
    if (this.#closed) {
      return; // a sink that is told of the ended calls may close the guard once more
    }
    this.#closed = true;
    this.sweep.checkCallsNow();
    this.sweep.close();
  }

  /** Proves the caller of a new call. @throws {Failure} */
  authenticate(connection: Connection, authorization: readonly string[], now: number): Authentication {
    this.#requireOpen();
    this.#requireOwnIdentity(now);
    return this.#parts.authenticator.authenticate(connection, authorization, now);
  }

  /** When a live call ends by itself: its identity has expired, and the grace is over. */
  endOf(authentication: Authentication): number {
    return validUntilOf(authentication) + this.#parts.afterExpiryMs;
  }

  /**
   * Proves again what a live call was allowed by. Answers the authentication to hold on to from now on.
   *
   * @throws {Failure} when any of it does not hold any more
   */
  reauthenticate(connection: Connection, before: Authentication, now: number): Authentication {
    const { identity, authenticator, afterExpiryMs } = this.#parts;
    this.#requireOpen();
    this.#requireOwnIdentity(now);
    // The grace for expiry never covers a withdrawal: everything is judged as of a moment at which it was still valid.
    const asOf = Math.min(now, Math.max(now - afterExpiryMs, validUntilOf(before) - 1));
    const inGrace = asOf !== now;
    const peer = before.peer && (inGrace ? connection.peerAsOf(asOf) : connection.peer(now));
    const { tokenText } = before;
    let { token } = before;
    if (token !== undefined && tokenText !== undefined) {
      if (!(asOf < token.validUntil)) {
        throw new Failure('identity_expired');
      }
      if (identity.jwtBundle(token.id.trustDomain) !== token.bundle) {
        token = withdrawnUnless(() => authenticator.verifyToken(tokenText, asOf, inGrace));
      }
    }
    return peer === before.peer && token === before.token ? before : { ...before, peer, token };
  }

  #requireOpen(): void {
    if (this.#closed) {
      throw new Failure('guard_failed', ['guard_closed']);
    }
  }

  #requireOwnIdentity(now: number): void {
    const svid = this.#parts.identity.x509Svid();
    if (svid === undefined || !(now <= svid.validUntil)) {
      throw new Failure('server_identity_missing');
    }
  }
}

/** The last instant of our own identity, or one long past while there is none. Never throws: a timer asks. */
export function ownIdentityEnd(identity: IdentitySource): number {
  try {
    return identity.x509Svid()?.validUntil ?? Number.NEGATIVE_INFINITY;
  } catch {
    return Number.NEGATIVE_INFINITY;
  }
}

/** The proofs' own end: a caller was described when its call began, and may have been proven by another path since. */
function validUntilOf({ peer, token }: Authentication): number {
  return Math.min(peer?.validUntil ?? Number.POSITIVE_INFINITY, token?.validUntil ?? Number.POSITIVE_INFINITY);
}

function withdrawnUnless<T>(prove: () => T): T {
  try {
    return prove();
  } catch (error) {
    const { reasons, rule } = error instanceof Failure ? error : new Failure('trust_withdrawn');
    throw new Failure('trust_withdrawn', reasons, rule);
  }
}
