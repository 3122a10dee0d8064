import { parseSpiffeId, type TrustDomain } from '@dirgate/spiffe';
import { callAll } from './call-all.js';
import type { JwtSvidOptions } from './jwt-authority.js';
import type { AuthorityChange, TrustDomainAuthority } from './trust-domain-authority.js';
import type { X509SvidMaterial } from './x509-svid-material.js';

/** Which view of a workload changed. */
export type WorkloadChange = 'x509' | 'jwt';

/** Whose bundles a trust domain's workloads see. */
export interface FederationView {
  readonly own: TrustDomainAuthority;
  /** Those that {@link own} federates with, now. */
  federated(): readonly TrustDomainAuthority[];
}

/**
 * One workload as its trust domain knows it: identities, current X509-SVIDs, whether they were withdrawn.
 * The Workload API server and the in-process source are two ways to show it.
 */
export class Workload {
  /** SPIFFE IDs, the default one first. */
  readonly ids: readonly [string, ...string[]];
  readonly own: TrustDomainAuthority;
  readonly #view: FederationView;
  readonly #listeners = new Set<(change: WorkloadChange) => void>();
  #svids: readonly X509SvidMaterial[];
  #withdrawn = false;

  constructor(ids: readonly [string, ...string[]], view: FederationView) {
    this.ids = ids;
    this.own = view.own;
    this.#view = view;
    this.#svids = this.#issueAll();
  }

  /** Empty while withdrawn. */
  x509Svids(): readonly X509SvidMaterial[] {
    return this.#withdrawn ? [] : this.#svids;
  }

  get withdrawn(): boolean {
    return this.#withdrawn;
  }

  issueJwtSvid(id: string, options: JwtSvidOptions): Promise<string> {
    return this.own.issueJwtSvid(id, options);
  }

  /** The trust domains federated with, own one excluded. */
  federated(): readonly TrustDomainAuthority[] {
    return this.#view.federated();
  }

  /** Own or federated; `undefined` for any other. */
  trusted(trustDomain: TrustDomain): TrustDomainAuthority | undefined {
    if (this.#withdrawn) return undefined;
    if (trustDomain.name === this.own.name) return this.own;
    return this.federated().find(({ name }) => name === trustDomain.name);
  }

  onChange(listener: (change: WorkloadChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** New keys and certificates for all IDs. */
  rotate(): void {
    this.#svids = this.#issueAll();
    this.#tell('x509');
  }

  /** Takes the identity away, or gives it back with fresh SVIDs. */
  setWithdrawn(withdrawn: boolean): void {
    if (withdrawn === this.#withdrawn) return;
    this.#withdrawn = withdrawn;
    if (!withdrawn) this.#svids = this.#issueAll();
    this.#tell('x509', 'jwt');
  }

  /** Called for each change of a trust domain that this workload may see. */
  authorityChanged(trustDomain: string, change: AuthorityChange): void {
    const own = trustDomain === this.own.name;
    if (!own && !this.federated().some(({ name }) => name === trustDomain)) return;
    if (own && change === 'x509-authority') this.#svids = this.#issueAll();
    this.#tell(change === 'jwt-bundle' ? 'jwt' : 'x509');
  }

  /** Called when what {@link federated} returns changed. */
  federationChanged(): void {
    this.#tell('x509', 'jwt');
  }

  #issueAll(): readonly X509SvidMaterial[] {
    return this.ids.map((id) => this.own.issueX509Svid(id));
  }

  #tell(...changes: readonly WorkloadChange[]): void {
    callAll(changes, (change) => callAll(this.#listeners, (listener) => listener(change)));
  }
}

/** Checks that all IDs are of one trust domain, as an agent serves only one, and returns its name with them. */
export function readWorkloadIds(id: string | readonly string[]): { ids: readonly [string, ...string[]]; trustDomain: string } {
  const parsed = (typeof id === 'string' ? [id] : id).map(parseSpiffeId);
  const [first, ...others] = parsed;
  if (!first) throw new RangeError('a workload needs at least one SPIFFE ID');
  if (others.some((other) => !other.trustDomain.equals(first.trustDomain))) {
    throw new RangeError('the SPIFFE IDs of one workload are all of one trust domain');
  }
  return { ids: [first.toString(), ...others.map(String)], trustDomain: first.trustDomain.name };
}
