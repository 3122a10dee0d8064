import { SpiffeError, type VerifiedX509Svid } from '@dirgate/spiffe';
import { Failure } from '../refusal.js';
import type { PeerTrust } from './peer-trust.js';
import { renewalInstant, type Validity } from './renewal.js';
import type { Watched } from './sweep.js';

/** What a transport knows of one connection, read once when its first call arrives. */
export interface ConnectionFacts {
  /** The certificates that the peer presented, DER, leaf first; empty when it presented none. Not verified. */
  readonly peerChain: readonly Uint8Array[];
  /** The TLS session was resumed: no certificate was proven. */
  readonly resumed: boolean;
  /** Address and port, for the audit trail and `context.peer_address`. */
  readonly peerAddress: string;
  /** When the certificate is valid that we presented in this handshake; absent when the transport cannot tell. */
  readonly presented?: Validity | undefined;
}

/** How a connection began, and how its peer is asked to dial anew. */
export interface ConnectionStart {
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  /** From 0 to 1; see {@link renewalInstant}. */
  readonly spread: number;
  readonly askToRenew: (() => void) | undefined;
}

/** A refused chain is looked at again after this time, or at once when trust changes: many calls cost one check. */
const FAILURE_HOLDS_MS = 1000;
/** A peer that was refused is asked to dial anew after this time: it may have something better to present by then. */
const RENEW_REFUSED_MS = 1000;

/**
 * One connection and what its peer has proven. The proof is made once and holds while the bundle of the peer's trust
 * domain keeps the authority that it ends in, and while the chain has not expired. Ahead of that, and of the end of what
 * we presented ourselves, the peer is asked to dial anew.
 */
export class Connection implements Watched {
  readonly peerAddress: string;
  readonly #facts: ConnectionFacts;
  readonly #trust: PeerTrust;
  readonly #start: ConnectionStart;
  #proof: VerifiedX509Svid | undefined;
  #everProven = false;
  #latest = Number.NEGATIVE_INFINITY;
  #failed: { readonly failure: Failure; readonly at: number; readonly generation: number } | undefined;
  /** When the peer is asked to dial anew: for what we presented, for what it presented, and for having been refused. */
  readonly #presentedEndsAt: number;
  #proofEndsAt = Number.POSITIVE_INFINITY;
  #refusalEndsAt = Number.POSITIVE_INFINITY;
  #carriesTokens = false;
  #asked = false;

  constructor(facts: ConnectionFacts, trust: PeerTrust, start: ConnectionStart) {
    this.peerAddress = facts.peerAddress;
    this.#facts = facts;
    this.#trust = trust;
    this.#start = start;
    this.#presentedEndsAt = this.#endOf(facts.presented);
  }

  /** Whether the peer presented a certificate, good or bad. */
  get presentsCertificate(): boolean {
    return this.#facts.peerChain.length > 0;
  }

  /** When the peer is asked to dial anew; infinite once it was. */
  get dueAt(): number {
    return this.#asked ? Number.POSITIVE_INFINITY : Math.min(this.#presentedEndsAt, this.#proofEndsAt, this.#refusalEndsAt);
  }

  /** Refuses a resumed session, whatever it presents: resumption skips the handshake that proves possession. */
  requireFullHandshake(): void {
    if (this.#facts.resumed) {
      throw new Failure('session_resumed');
    }
  }

  /**
   * The peer's identity for a new call, proven as of `now`; the same object while the proof holds. A clock that jumps
   * back never revives an identity that was seen expired.
   *
   * @throws {Failure} `certificate_invalid`, `identity_expired`, `trust_withdrawn`
   */
  peer(now: number): VerifiedX509Svid {
    this.#latest = Math.max(this.#latest, now);
    return this.#judge(this.#latest, 'latest');
  }

  /** The same for a call that began before, judged as of a moment of its caller's choice. @throws {Failure} */
  peerAsOf(instant: number): VerifiedX509Svid {
    return this.#judge(instant, 'any');
  }

  /**
   * A call was refused for what the connection presents or lacks. Nobody else tells the peer that this connection is no
   * good: TLS accepted it, so it would be kept, with whatever its peer has come to hold since.
   */
  refused(now: number): void {
    if (!this.#carriesTokens) {
      this.#refusalEndsAt = Math.min(this.#refusalEndsAt, now + RENEW_REFUSED_MS);
    }
  }

  /**
   * A token was proven that came without a certificate: nothing is wrong with this connection then, and a call without a
   * token lacks it by itself. One anonymous caller must not make those dial anew that share its connection.
   */
  carriesTokens(): void {
    this.#carriesTokens = true;
    this.#refusalEndsAt = Number.POSITIVE_INFINITY;
  }

  /** Judges the peer again after a change of trust, so that its next call need not wait; asks it to dial anew when due. */
  check(now: number): void {
    if (!(now < this.dueAt)) {
      this.#asked = true;
      try {
        this.#start.askToRenew?.();
      } catch {
        // From a timer the error of an adapter would end the process. The connection then stays until its proof ends.
      }
      return;
    }
    if (this.#proof !== undefined) {
      try {
        this.peer(now);
      } catch {
        this.refused(now);
      }
    }
  }

  #judge(at: number, instant: 'latest' | 'any'): VerifiedX509Svid {
    const proof = this.#proof;
    if (proof !== undefined) {
      const bundle = this.#trust.bundleOf(proof.id.trustDomain);
      if (bundle === proof.bundle) {
        if (at <= proof.validUntil) {
          return proof;
        }
        throw new Failure('identity_expired');
      }
      // What proving anew would say, without reading the chain again.
      if (bundle === undefined) {
        throw new Failure('trust_withdrawn', ['trust_domain_without_bundle'], 'X-17');
      }
      if (this.#trust.isHopeless(this.#facts.peerChain, proof, bundle)) {
        throw new Failure('trust_withdrawn', ['issuer_untrusted'], 'X-18');
      }
      const rebound = at <= proof.validUntil ? this.#trust.rebind(proof, bundle) : undefined;
      if (rebound !== undefined) {
        this.#proof = rebound;
        return rebound;
      }
    }
    const failed = this.#failed;
    // What failed at an instant says nothing of the instants before it.
    if (failed?.generation === this.#trust.generation && at >= failed.at && at - failed.at < FAILURE_HOLDS_MS) {
      throw failed.failure;
    }
    return this.#prove(at, instant);
  }

  #prove(at: number, instant: 'latest' | 'any'): VerifiedX509Svid {
    const { peerChain } = this.#facts;
    try {
      // The verifier remembers the latest instant of each leaf and refuses those before it, the grace after an expiry too.
      this.#proof = instant === 'latest' ? this.#trust.prove(peerChain, at) : this.#trust.proveAsOf(peerChain, at);
      this.#everProven = true;
      this.#failed = undefined;
      this.#proofEndsAt = this.#endOf(this.#proof);
      this.#refusalEndsAt = Number.POSITIVE_INFINITY;
      return this.#proof;
    } catch (error) {
      const [reasons, rule] = error instanceof SpiffeError ? [[error.code], error.rule] : [[], undefined];
      const failure = new Failure(this.#everProven ? 'trust_withdrawn' : 'certificate_invalid', reasons, rule);
      this.#proof = undefined;
      this.#failed = { failure, at, generation: this.#trust.generation };
      throw failure;
    }
  }

  #endOf(validity: Validity | undefined): number {
    const { openedAt, spread } = this.#start;
    return validity === undefined ? Number.POSITIVE_INFINITY : renewalInstant(validity, openedAt, spread);
  }
}
