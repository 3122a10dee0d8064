import {
  type IdentitySource,
  type JwtBundle,
  type JwtSvid,
  type JwtSvidRequest,
  parseSpiffeId,
  parseUnverifiedJwtSvid,
  parseX509Svid,
  type TrustDomain,
  type X509Bundle,
  type X509Svid,
} from '@dirgate/spiffe';
import type { Workload } from './workload.js';
import type { X509SvidMaterial } from './x509-svid-material.js';

/** A workload's identity without a socket: live with its authority, synchronous, nothing to close. */
export class InProcessIdentity implements IdentitySource {
  readonly #workload: Workload;
  #parsed: { readonly material: X509SvidMaterial; readonly svid: X509Svid } | undefined;

  /** @internal Made by `authority.identityOf`. */
  constructor(workload: Workload) {
    this.#workload = workload;
  }

  /** The default identity's SVID; the same object until it rotates; `undefined` while withdrawn. */
  x509Svid(): X509Svid | undefined {
    const [material] = this.#workload.x509Svids();
    if (!material) return undefined;
    if (this.#parsed?.material !== material) this.#parsed = { material, svid: parseX509Svid(material) };
    return this.#parsed.svid;
  }

  /** The bundle of the own trust domain or of one federated with. */
  x509Bundle(trustDomain: TrustDomain): X509Bundle | undefined {
    return this.#workload.trusted(trustDomain)?.x509Bundle();
  }

  /** The bundle of the own trust domain or of one federated with. */
  jwtBundle(trustDomain: TrustDomain): JwtBundle | undefined {
    return this.#workload.trusted(trustDomain)?.jwtBundle();
  }

  /** A freshly signed token, each time. Rejects while withdrawn, and for a subject that is not this workload's. */
  async fetchJwtSvid({ audience, subject, signal }: JwtSvidRequest): Promise<JwtSvid> {
    signal?.throwIfAborted();
    const { ids, withdrawn } = this.#workload;
    const id = subject?.toString() ?? ids[0];
    if (withdrawn || !ids.includes(id)) throw new Error(`no identity issued for ${id}`);
    const token = await this.#workload.issueJwtSvid(id, { audience });
    return { id: parseSpiffeId(id), token, expiresAt: parseUnverifiedJwtSvid(token).expiresAt, hint: '' };
  }

  /**
   * Calls `listener` after each rotation, federation change or withdrawal. When one throws the others are told all the
   * same, and whoever caused the change is thrown its error.
   */
  onChange(listener: () => void): () => void {
    return this.#workload.onChange(() => listener());
  }

  /** A new key and certificate, the authority staying as it is. */
  rotate(): void {
    this.#workload.rotate();
  }

  /** Takes SVID and bundles away. */
  withdraw(): void {
    this.#workload.setWithdrawn(true);
  }

  /** Gives them back, with a new SVID. */
  restore(): void {
    this.#workload.setWithdrawn(false);
  }
}
