import {
  createX509Bundle,
  createX509SvidVerifier,
  type TrustDomain,
  type VerifiedX509Svid,
  verifyX509Svid,
  type X509Bundle,
  type X509BundleSource,
  type X509SvidVerifier,
} from '@dirgate/spiffe';

/** An authority has a few intermediates; more are of peers that send strays. */
const MAX_ISSUERS = 256;

/** By what the connections of one guard are judged. */
export class PeerTrust {
  readonly #bundles: X509BundleSource;
  readonly #verifier: X509SvidVerifier;
  /** The newest binding of a proof, so that connections that share a proof go on sharing it. */
  readonly #rebound = new WeakMap<VerifiedX509Svid, VerifiedX509Svid>();
  /** Of intermediates, by their bytes. */
  readonly #issuers = new Map<string, string>();
  #generation = 0;

  constructor(bundles: X509BundleSource) {
    this.#bundles = bundles;
    this.#verifier = createX509SvidVerifier({ bundles, usage: 'client' });
  }

  /** Counts the changes of the bundles. */
  get generation(): number {
    return this.#generation;
  }

  /** The bundles may have changed: what was refused may be looked at again. */
  changed(): void {
    this.#generation += 1;
  }

  bundleOf(trustDomain: TrustDomain): X509Bundle | undefined {
    return this.#bundles.x509Bundle(trustDomain);
  }

  /** Proves a chain as of now; one that was proven before costs a look-up. @throws SpiffeError */
  prove(chain: readonly Uint8Array[], now: number): VerifiedX509Svid {
    return this.#verifier.verify(chain, now);
  }

  /** Proves a chain as of any instant, at full cost. @throws SpiffeError */
  proveAsOf(chain: readonly Uint8Array[], instant: number): VerifiedX509Svid {
    return verifyX509Svid(chain, this.#bundles, { now: instant, usage: 'client' });
  }

  /**
   * Whether a bundle certainly proves nothing of a chain that was proven before: it has no authority of the name of any
   * issuer in it. Withdrawing an authority concerns all of its connections at once, so the usual answer is a look-up.
   */
  isHopeless([, ...intermediates]: readonly Uint8Array[], { leaf }: VerifiedX509Svid, bundle: X509Bundle): boolean {
    const issuers = [leaf.issuerKey, ...intermediates.map((der) => this.#issuerOf(der, bundle.trustDomain))];
    return issuers.every((issuer) => issuer !== undefined && bundle.authoritiesNamed(issuer).length === 0);
  }

  /** The issuer of an intermediate; `undefined` for what is none. The workloads of one authority present the same ones. */
  #issuerOf(der: Uint8Array, trustDomain: TrustDomain): string | undefined {
    const key = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('latin1');
    const known = this.#issuers.get(key);
    if (known !== undefined) {
      return known;
    }
    try {
      const issuer = createX509Bundle(trustDomain, [der]).authorities[0]?.issuerKey;
      if (issuer !== undefined) {
        if (this.#issuers.size >= MAX_ISSUERS) {
          this.#issuers.clear();
        }
        this.#issuers.set(key, issuer);
      }
      return issuer;
    } catch {
      return undefined; // a stray that is no CA: proving anew will tell
    }
  }

  /**
   * The proof for another bundle of its trust domain, if that holds the very authority the proof ends in, byte for byte
   * (DESIGN §4.6): nothing else of a path depends on the bundle, so no signature is checked.
   */
  rebind(proof: VerifiedX509Svid, bundle: X509Bundle): VerifiedX509Svid | undefined {
    const known = this.#rebound.get(proof);
    if (known?.bundle === bundle) {
      return known;
    }
    if (!bundle.trustDomain.equals(proof.id.trustDomain)) {
      return undefined;
    }
    const { der, subjectKey } = proof.anchor;
    const anchor = bundle.authoritiesNamed(subjectKey).find((authority) => Buffer.compare(authority.der, der) === 0);
    if (anchor === undefined) {
      return undefined;
    }
    const rebound = Object.freeze({ ...proof, bundle, anchor });
    this.#rebound.set(proof, rebound);
    return rebound;
  }
}
