import { Listeners } from '@dirgate/live';
import type { JwtBundle, TrustDomain, X509Bundle, X509Svid } from '@dirgate/spiffe';
import { BundleSweep } from '../updates/bundle-sweep.js';
import type { JwtSnapshot } from '../updates/jwt-update.js';
import type { X509Snapshot } from '../updates/x509-snapshot.js';
import type { WorkloadApiLogger } from '../workload-api-logger.js';
import { ExpiryWatch } from './expiry-watch.js';

/** The two snapshots that readers see, and whom to tell when one is swapped or our SVID expires. */
export class IdentityState {
  readonly #changes: Listeners;
  readonly #expiries: Listeners;
  readonly #expiry: ExpiryWatch;
  readonly #x509Sweep = new BundleSweep<X509Bundle>();
  readonly #jwtSweep = new BundleSweep<JwtBundle>();
  #x509: X509Snapshot | undefined;
  #jwt: JwtSnapshot | undefined;
  #generation = 0;
  #isOver = false;

  constructor(logger: WorkloadApiLogger, clock: () => number = Date.now) {
    const report = (problem: string): void => logger.error(problem);
    this.#changes = new Listeners('a change', report);
    this.#expiries = new Listeners('an expiry', report);
    this.#expiry = new ExpiryWatch(clock, () => {
      this.#expiries.tell();
      this.#tell();
    });
  }

  get x509(): X509Snapshot | undefined {
    return this.#x509;
  }

  get jwt(): JwtSnapshot | undefined {
    return this.#jwt;
  }

  /** How often anything that a reader can see changed. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether there is an SVID to present and its time is over. */
  get isExpired(): boolean {
    return this.#expiry.isExpired;
  }

  /** As {@link setJwt}. */
  setX509(snapshot: X509Snapshot | undefined): void {
    if (this.#isOver) return;
    const before = this.#x509;
    this.#x509 = snapshot;
    this.#expiry.watch(snapshot?.chosen);
    let told = false;
    const changed = (): void => {
      if (!told) this.#tell();
      told = true;
    };
    if (!sameSvids(before, snapshot)) changed();
    // Who was told may have ended all this.
    if (this.#isOver) return;
    this.#x509Sweep.run(before?.bundles, snapshot?.bundles, changed);
  }

  /** Changes nothing any more after {@link end}. */
  setJwt(snapshot: JwtSnapshot | undefined): void {
    if (this.#isOver) return;
    const before = this.#jwt;
    this.#jwt = snapshot;
    this.#jwtSweep.run(before?.bundles, snapshot?.bundles, () => this.#tell());
  }

  /** The SVID to present now; none once it expired. */
  x509Svid(): X509Svid | undefined {
    const chosen = this.#x509?.chosen;
    return chosen !== undefined && this.#expiry.holds ? chosen : undefined;
  }

  /** All that are valid now. */
  x509Svids(): readonly X509Svid[] {
    return (this.#x509?.svids ?? []).map(({ svid }) => svid).filter((svid) => this.#expiry.isValid(svid));
  }

  x509Bundle(trustDomain: TrustDomain): X509Bundle | undefined {
    return this.#x509?.bundles.get(trustDomain.name)?.bundle;
  }

  jwtBundle(trustDomain: TrustDomain): JwtBundle | undefined {
    return this.#jwt?.bundles.get(trustDomain.name)?.bundle;
  }

  onChange(listener: () => void): () => void {
    return this.#changes.add(listener);
  }

  onExpired(listener: () => void): () => void {
    return this.#expiries.add(listener);
  }

  /** Empties both snapshots for ever, tells so, and forgets the listeners. */
  end(): void {
    this.#isOver = true;
    const empty = this.#x509 === undefined && this.#jwt === undefined;
    this.#x509Sweep.stop();
    this.#jwtSweep.stop();
    this.#expiry.watch(undefined);
    this.#x509 = undefined;
    this.#jwt = undefined;
    if (!empty) this.#tell();
    this.#changes.clear();
    this.#expiries.clear();
  }

  #tell(): void {
    this.#generation += 1;
    this.#changes.tell();
  }
}

function sameSvids(a: X509Snapshot | undefined, b: X509Snapshot | undefined): boolean {
  if (!a || !b) return a === b;
  if (a.chosen !== b.chosen || a.svids.length !== b.svids.length) return false;
  return a.svids.every((entry, index) => entry === b.svids[index]);
}
