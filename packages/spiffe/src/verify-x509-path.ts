import type { Certificate } from './certificate.js';
import { rememberPublicKey } from './certificate-public-key.js';
import { checkAnyCertificate, checkIssuer, type X509Usage } from './certificate-rules.js';
import { signatureAlgorithmOf, verifySignature } from './certificate-signature.js';
import { type ConstrainedName, checkNameConstraints, constrainedNames } from './name-constraint-check.js';
import { SpiffeError } from './spiffe-error.js';

/** Bounds on a search that the peer steers. A unit is one P-256 check, some 0.1 ms; each check may import a key, some 0.2 ms. */
const MAX_SIGNATURE_CHECKS = 32;
const MAX_SIGNATURE_COST = 160;
const MAX_STEPS = 512;

/** What the search needs to know besides the certificates. */
export interface PathOptions {
  /** The instant to judge at, milliseconds since the epoch. No skew is granted. */
  readonly now: number;
  /** The role of the presenter; extended key usages must allow it all along the path. */
  readonly usage: X509Usage;
  /** Most certificates below the anchor, the leaf included. A presented chain has its own limit. */
  readonly maxDepth?: number;
}

/** Where paths may end; a bundle is such a thing. */
export interface PathAnchors {
  /** The anchors whose subject is the name with this key ({@link Certificate.subjectKey}). */
  authoritiesNamed(subjectKey: string): readonly Certificate[];
}

/** A proven path. */
export interface X509Path {
  /** Leaf first, anchor last. */
  readonly certificates: readonly Certificate[];
  readonly anchor: Certificate;
  /** The latest notBefore of them all, milliseconds since the epoch. */
  readonly validFrom: number;
  /** The earliest notAfter of them all, milliseconds since the epoch. */
  readonly validUntil: number;
}

/**
 * Finds a path from `leaf` to an authority of `anchors` and proves it as RFC 5280 §6.1 asks. `intermediates` may
 * come in any order, with strays and cross-signed twins among them; trust comes from the anchors alone.
 * Cheap checks go before signatures, and the whole search is bounded.
 *
 * @throws SpiffeError with the first specific reason why no path holds, or `issuer_untrusted` when nothing led to an anchor
 */
export function verifyX509Path(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  anchors: PathAnchors,
  options: PathOptions,
): X509Path {
  checkAnyCertificate(leaf, options.now, options.usage);
  const search = new PathSearch(intermediates, anchors, options);
  const path = search.extend([leaf], 0);
  if (path === undefined) throw search.failure();
  return path;
}

/** From the leaf up to where the search has come. */
type PartialPath = readonly [Certificate, ...Certificate[]];

function lastOf(path: PartialPath): Certificate {
  return path.at(-1) ?? path[0];
}

/** Depth-first search. What holds for one certificate or one pair is judged once, so hostile chains cannot repeat it. */
class PathSearch {
  readonly #intermediates: readonly Certificate[];
  readonly #anchors: PathAnchors;
  readonly #options: PathOptions;
  readonly #issuerVerdicts = new Map<Certificate, boolean>();
  readonly #linkVerdicts = new Map<Certificate, Map<Certificate, boolean>>();
  readonly #names = new Map<Certificate, readonly ConstrainedName[]>();
  readonly #nameVerdicts = new Map<Certificate, Map<Certificate, boolean>>();
  #failure: SpiffeError | undefined;
  #signatureFailure: SpiffeError | undefined;
  #steps = 0;
  #signatureChecks = 0;
  #signatureCost = 0;

  constructor(intermediates: readonly Certificate[], anchors: PathAnchors, options: PathOptions) {
    this.#intermediates = intermediates;
    this.#anchors = anchors;
    this.#options = options;
  }

  failure(): SpiffeError {
    const fallback = () => new SpiffeError('issuer_untrusted', 'no path to an authority of its trust domain');
    return this.#failure ?? this.#signatureFailure ?? fallback();
  }

  /** `casBelow`: CAs of `path` that count for path lengths, that is, those which are not self-issued. */
  extend(path: PartialPath, casBelow: number): X509Path | undefined {
    const last = lastOf(path);
    if (last.issuer.length === 2) {
      this.#record(new SpiffeError('issuer_empty', 'a certificate names no issuer'));
      return undefined;
    }
    for (const anchor of preferred(this.#anchors.authoritiesNamed(last.issuerKey), last)) {
      if (this.#holds(anchor, true, path, casBelow)) return proven(path, anchor);
    }
    const candidates = this.#intermediates.filter((one) => one.subjectKey === last.issuerKey && !path.includes(one));
    if (candidates.length > 0 && path.length === this.#options.maxDepth) {
      this.#record(new SpiffeError('path_too_deep', 'no path to an authority with as few certificates as are allowed'));
      return undefined;
    }
    for (const candidate of preferred(candidates, last)) {
      if (!this.#holds(candidate, false, path, casBelow)) continue;
      const found = this.extend([...path, candidate], candidate.isSelfIssued ? casBelow : casBelow + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Whether `issuer` may stand above `path` and signed its last certificate. */
  #holds(issuer: Certificate, isAnchor: boolean, path: PartialPath, casBelow: number): boolean {
    if (++this.#steps > MAX_STEPS) throw exhausted();
    if (!this.#issuerHolds(issuer, isAnchor)) return false;
    if (casBelow > (issuer.extensions.pathLength ?? Number.POSITIVE_INFINITY)) {
      this.#record(new SpiffeError('path_length_exceeded', 'more CAs below a CA than its path length allows'));
      return false;
    }
    return this.#namesHold(issuer, path) && this.#linkHolds(issuer, path);
  }

  #issuerHolds(issuer: Certificate, isAnchor: boolean): boolean {
    return remember(this.#issuerVerdicts, issuer, () =>
      this.#passes(() => {
        checkAnyCertificate(issuer, this.#options.now, this.#options.usage);
        checkIssuer(issuer, isAnchor);
        issuer.keyProfile;
      }),
    );
  }

  #namesHold(issuer: Certificate, path: PartialPath): boolean {
    const constraints = issuer.extensions.nameConstraints;
    if (constraints === undefined) return true;
    const verdicts = remember(this.#nameVerdicts, issuer, () => new Map<Certificate, boolean>());
    return path.every(
      (below, index) =>
        // RFC 5280 §6.1.3 (b): a self-issued CA on the way is exempt, the leaf never is.
        (index > 0 && below.isSelfIssued) ||
        remember(verdicts, below, () => this.#passes(() => checkNameConstraints(constraints, this.#namesOf(below)))),
    );
  }

  #namesOf(certificate: Certificate): readonly ConstrainedName[] {
    return remember(this.#names, certificate, () => constrainedNames(certificate));
  }

  #linkHolds(issuer: Certificate, path: PartialPath): boolean {
    const child = lastOf(path);
    const verdicts = remember(this.#linkVerdicts, issuer, () => new Map<Certificate, boolean>());
    return remember(verdicts, child, () => this.#checkSignature(child, issuer));
  }

  #checkSignature(child: Certificate, issuer: Certificate): boolean {
    const algorithm = signatureAlgorithmOf(child.signatureAlgorithm);
    if (algorithm === undefined) {
      this.#record(new SpiffeError('signature_algorithm_unsupported', 'a signature algorithm that is not on the list'));
      return false;
    }
    this.#signatureCost += issuer.keyProfile.verificationCost;
    if (++this.#signatureChecks > MAX_SIGNATURE_CHECKS || this.#signatureCost > MAX_SIGNATURE_COST) throw exhausted();
    return this.#passes(() => {
      const fits = issuer.keyProfile.kind === algorithm.kind;
      if (fits && verifySignature(algorithm, issuer.publicKey, child.signedBytes, child.signature)) return;
      // Kept apart: one wrong key among authorities of the same name is normal, and says less than any other reason.
      this.#signatureFailure ??= new SpiffeError('signature_invalid', 'a signature does not verify with the key of its issuer');
      throw this.#signatureFailure;
    });
  }

  #passes(check: () => void): boolean {
    try {
      check();
      return true;
    } catch (error) {
      if (!(error instanceof SpiffeError)) throw error;
      if (error !== this.#signatureFailure) this.#record(error);
      return false;
    }
  }

  #record(error: SpiffeError): void {
    this.#failure ??= error;
  }
}

function proven(below: readonly Certificate[], anchor: Certificate): X509Path {
  const certificates = [...below, anchor];
  // Below the anchor, which keeps its own key, and above the leaf, whose key signs no certificate.
  for (const { publicKeyInfo, publicKey } of below.slice(1)) rememberPublicKey(publicKeyInfo, publicKey);
  let validFrom = anchor.notBefore;
  let validUntil = anchor.notAfter;
  for (const { notBefore, notAfter } of below) {
    validFrom = Math.max(validFrom, notBefore);
    validUntil = Math.min(validUntil, notAfter);
  }
  return Object.freeze({ certificates: Object.freeze(certificates), anchor, validFrom, validUntil });
}

/** Issuers whose key identifier is the wanted one go first. Only an order: key identifiers prove nothing. */
function preferred(candidates: readonly Certificate[], child: Certificate): readonly Certificate[] {
  const wanted = child.extensions.authorityKeyId;
  if (wanted === undefined || candidates.length < 2) return candidates;
  const fits = (one: Certificate) => one.extensions.subjectKeyId === wanted;
  return [...candidates.filter(fits), ...candidates.filter((one) => !fits(one))];
}

function remember<K, V>(verdicts: Map<K, V>, key: K, judge: () => V): V {
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const verdict = judge();
  verdicts.set(key, verdict);
  return verdict;
}

function exhausted(): SpiffeError {
  return new SpiffeError('path_search_exhausted', 'the chain asks for more path building than is allowed');
}
