import { OldestOut } from './oldest-out.js';
import type { SpiffeId } from './spiffe-id.js';

/** What a proof of either kind is about. */
interface ProvenSvid {
  readonly id: SpiffeId;
  readonly validUntil: number;
  readonly bundle: object;
}

/** What is remembered of one credential that was proven. */
export interface KnownCredential<Proof> {
  readonly key: string;
  /** The latest instant at which it was presented; time does not run backwards for it (TX-7). */
  seenAt: number;
  /** Of what was proven last. */
  validUntil: number;
  readonly trustDomain: string;
  /** Dropped when the trust domain's bundle is exchanged, and not kept for what is too large. */
  proof: Proof | undefined;
}

/**
 * Proofs by what the issuer signed. The signature is not part of the key: of one ECDSA signature anybody makes a second one, and
 * a credential that was seen expired must not come back under it.
 */
export class ProofMemory<Proof> {
  readonly #known: OldestOut<KnownCredential<Proof>>;
  /** The bundle that was proven against last, by trust domain. */
  readonly #bundles: OldestOut<WeakRef<object>>;

  constructor(capacity: number) {
    this.#known = new OldestOut(capacity);
    this.#bundles = new OldestOut(capacity);
  }

  /** A credential is presented. What is known of it becomes the newest. */
  see(key: string, now: number): KnownCredential<Proof> | undefined {
    const known = this.#known.get(key);
    if (known === undefined) return undefined;
    this.#known.add(key, known);
    known.seenAt = Math.max(known.seenAt, now);
    return known;
  }

  /** A credential was proven. The first one under another bundle ends all proofs of its trust domain, which hold the old one. */
  keep(key: string, seenAt: number, { id, validUntil, bundle }: ProvenSvid, proof: Proof | undefined): KnownCredential<Proof> {
    const trustDomain = id.trustDomain.name;
    if (this.#bundles.get(trustDomain)?.deref() !== bundle) {
      this.#bundles.add(trustDomain, new WeakRef(bundle));
      for (const known of this.#known.values()) if (known.trustDomain === trustDomain) known.proof = undefined;
    }
    // One object for each key, whoever holds it: what is seen of one signature is seen of its twins.
    const known = this.#known.get(key) ?? { key, seenAt, validUntil, trustDomain, proof };
    this.#known.add(key, Object.assign(known, { seenAt: Math.max(known.seenAt, seenAt), validUntil, proof }));
    return known;
  }
}
