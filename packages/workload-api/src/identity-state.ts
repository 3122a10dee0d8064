import type { JwtBundle, TrustDomain, X509Bundle, X509Svid } from '@dirgate/spiffe';
import type { BundleEntries } from './bundle-map.js';
import type { JwtSnapshot } from './jwt-update.js';
import type { WorkloadApiLogger } from './workload-api-logger.js';
import type { X509Snapshot } from './x509-snapshot.js';

/** The two snapshots that readers see, and whom to tell when one is swapped. */
export class IdentityState {
  readonly #logger: WorkloadApiLogger;
  readonly #listeners = new Set<() => unknown>();
  #x509: X509Snapshot | undefined;
  #jwt: JwtSnapshot | undefined;

  constructor(logger: WorkloadApiLogger) {
    this.#logger = logger;
  }

  get x509(): X509Snapshot | undefined {
    return this.#x509;
  }

  get jwt(): JwtSnapshot | undefined {
    return this.#jwt;
  }

  setX509(snapshot: X509Snapshot | undefined): void {
    const before = this.#x509;
    this.#x509 = snapshot;
    if (!sameX509(before, snapshot)) this.#tell();
  }

  setJwt(snapshot: JwtSnapshot | undefined): void {
    const before = this.#jwt;
    this.#jwt = snapshot;
    if (!sameBundles(before?.bundles, snapshot?.bundles)) this.#tell();
  }

  x509Svid(): X509Svid | undefined {
    return this.#x509?.svids[0].svid;
  }

  x509Bundle(trustDomain: TrustDomain): X509Bundle | undefined {
    return this.#x509?.bundles.get(trustDomain.name)?.bundle;
  }

  jwtBundle(trustDomain: TrustDomain): JwtBundle | undefined {
    return this.#jwt?.bundles.get(trustDomain.name)?.bundle;
  }

  onChange(listener: () => void): () => void {
    // A wrapper of its own: the same function registered twice is two registrations.
    const registered = (): unknown => listener();
    this.#listeners.add(registered);
    return () => this.#listeners.delete(registered);
  }

  /** Empties both snapshots, tells so, and forgets the listeners. */
  end(): void {
    const empty = this.#x509 === undefined && this.#jwt === undefined;
    this.#x509 = undefined;
    this.#jwt = undefined;
    if (!empty) this.#tell();
    this.#listeners.clear();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) {
      // One listener may have stopped another.
      if (this.#listeners.has(listener)) void this.#call(listener);
    }
  }

  /** At once; never rejects. A listener may turn out to be an async function. */
  async #call(listener: () => unknown): Promise<void> {
    try {
      await listener();
    } catch (error) {
      this.#logger.error(`a change listener threw: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function sameX509(a: X509Snapshot | undefined, b: X509Snapshot | undefined): boolean {
  if (!a || !b) return a === b;
  if (a.svids.length !== b.svids.length || a.svids.some((entry, index) => entry !== b.svids[index])) return false;
  return sameBundles(a.bundles, b.bundles);
}

function sameBundles<Bundle>(a: BundleEntries<Bundle> | undefined, b: BundleEntries<Bundle> | undefined): boolean {
  if (!a || !b) return a === b;
  if (a.size !== b.size) return false;
  for (const [name, entry] of a) if (b.get(name) !== entry) return false;
  return true;
}
