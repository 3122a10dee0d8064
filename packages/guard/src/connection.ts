import { SpiffeError, type VerifiedX509Svid, verifyX509Svid, type X509BundleSource } from '@dirgate/spiffe';
import { Failure } from './refusal.js';

/** What a transport knows of one connection, read once when its first call arrives. */
export interface ConnectionFacts {
  /** The certificates that the peer presented, DER, leaf first; empty when it presented none. Not verified. */
  readonly peerChain: readonly Uint8Array[];
  /** The TLS session was resumed: no certificate was proven. */
  readonly resumed: boolean;
  /** Address and port, for the audit trail and `context.peer_address`. */
  readonly peerAddress: string;
}

/** A refused chain is looked at again after this time, or at once when trust changes: many calls cost one check. */
const FAILURE_HOLDS_MS = 1000;

/**
 * One connection and what its peer has proven. The proof is made once and holds while the peer's trust domain keeps
 * the very bundle it was made with, and while the chain has not expired.
 */
export class Connection {
  readonly peerAddress: string;
  readonly #facts: ConnectionFacts;
  readonly #bundles: X509BundleSource;
  readonly #trustGeneration: () => number;
  #proof: VerifiedX509Svid | undefined;
  #everProven = false;
  #latest = Number.NEGATIVE_INFINITY;
  #failed: { readonly failure: Failure; readonly at: number; readonly generation: number } | undefined;

  /** `trustGeneration` counts the changes of `bundles`. */
  constructor(facts: ConnectionFacts, bundles: X509BundleSource, trustGeneration: () => number) {
    this.peerAddress = facts.peerAddress;
    this.#facts = facts;
    this.#bundles = bundles;
    this.#trustGeneration = trustGeneration;
  }

  /** Whether the peer presented a certificate, good or bad. */
  get presentsCertificate(): boolean {
    return this.#facts.peerChain.length > 0;
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
    return this.peerAsOf(this.#latest);
  }

  /** The same for a call that began before, judged as of a moment of its caller's choice. @throws {Failure} */
  peerAsOf(now: number): VerifiedX509Svid {
    const proof = this.#proof;
    if (proof !== undefined && this.#bundles.x509Bundle(proof.id.trustDomain) === proof.bundle) {
      if (now <= proof.validUntil) {
        return proof;
      }
      throw new Failure('identity_expired');
    }
    const failed = this.#failed;
    if (failed?.generation === this.#trustGeneration() && Math.abs(now - failed.at) < FAILURE_HOLDS_MS) {
      throw failed.failure;
    }
    return this.#prove(now);
  }

  #prove(now: number): VerifiedX509Svid {
    try {
      this.#proof = verifyX509Svid(this.#facts.peerChain, this.#bundles, { now, usage: 'client' });
      this.#everProven = true;
      this.#failed = undefined;
      return this.#proof;
    } catch (error) {
      const [reasons, rule] = error instanceof SpiffeError ? [[error.code], error.rule] : [[], undefined];
      const failure = new Failure(this.#everProven ? 'trust_withdrawn' : 'certificate_invalid', reasons, rule);
      this.#proof = undefined;
      this.#failed = { failure, at: now, generation: this.#trustGeneration() };
      throw failure;
    }
  }
}
