import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callAll } from './call-all.js';
import { InProcessIdentity } from './in-process-identity.js';
import { type ServedWorkload, serveWorkload } from './served-workload.js';
import { type AuthorityChange, TrustDomainAuthority, type TrustDomainOptions } from './trust-domain-authority.js';
import { unixAddress } from './unix-address.js';
import { readWorkloadIds, Workload } from './workload.js';

/** What {@link createIdentityAuthority} is told. */
export interface IdentityAuthorityOptions {
  readonly trustDomains: readonly TrustDomainOptions[];
  /** Now, in ms since the epoch, for everything that is issued. Default `Date.now`. */
  readonly clock?: () => number;
}

/** What {@link IdentityAuthority.serveWorkloadApi} is told. */
export interface ServeWorkloadApiOptions {
  /** SPIFFE ID of the workload, or several of one trust domain, the default one first. */
  readonly id: string | readonly string[];
  /** `unix:///absolute/path` or `tcp://127.0.0.1:0`. Default: a new socket in a temporary directory. */
  readonly address?: string;
  /** Whether SVIDs are renewed and pushed at half of their life, as an agent does. Default `true`. */
  readonly renew?: boolean;
}

/** Longest path of a unix socket on Linux, without the closing NUL. */
const MAX_SOCKET_PATH_BYTES = 107;

/**
 * Issues SPIFFE identities of any number of trust domains inside one process, for tests and demos.
 * Nothing of it is secret or durable: keys live in memory and end with it.
 */
export class IdentityAuthority implements AsyncDisposable {
  readonly #trustDomains = new Map<string, TrustDomainAuthority>();
  /** Trust domain name to the names of those it federates with. */
  readonly #federation = new Map<string, Set<string>>();
  readonly #workloads = new Set<Workload>();
  readonly #clock: () => number;
  readonly #served = new Set<ServedWorkload>();
  #directory: Promise<string> | undefined;
  #sockets = 0;
  #closed = false;

  /** @internal Use {@link createIdentityAuthority}. */
  constructor({ trustDomains, clock = Date.now }: IdentityAuthorityOptions) {
    this.#clock = clock;
    for (const options of trustDomains) this.#add(options);
    for (const { name, federatesWith = [] } of trustDomains) for (const other of federatesWith) this.#link(name, other);
  }

  /** The trust domain of that name. @throws RangeError when there is none */
  trustDomain(name: string): TrustDomainAuthority {
    const found = this.#trustDomains.get(name);
    if (!found) throw new RangeError(`this authority has no trust domain ${JSON.stringify(name)}`);
    return found;
  }

  /** From now on workloads of `trustDomain` are given the bundles of `other`. One direction only. */
  federate(trustDomain: string, other: string): void {
    this.#link(trustDomain, other);
    this.#federationChanged(trustDomain);
  }

  /** Ends what {@link federate} began. */
  unfederate(trustDomain: string, other: string): void {
    this.#partnersOf(trustDomain).delete(this.trustDomain(other).name);
    this.#federationChanged(trustDomain);
  }

  /**
   * The identity of a workload, without a socket: for unit tests. It has no end and needs no closing.
   * It does not renew by itself; `rotate()` does.
   *
   * @throws SpiffeError, RangeError when `id` is no SPIFFE ID of a trust domain of this authority
   */
  identityOf(id: string | readonly string[]): InProcessIdentity {
    return new InProcessIdentity(this.#workload(id));
  }

  /**
   * Serves one workload a real Workload API (gRPC) on a socket of its own, and pushes it what changes. Whoever can
   * reach the socket is that workload: nobody is attested.
   *
   * @throws SpiffeError, RangeError on a bad ID or address; what listening rejects with
   */
  async serveWorkloadApi({ id, address, renew = true }: ServeWorkloadApiOptions): Promise<ServedWorkload> {
    if (this.#isClosed()) throw closed();
    const workload = this.#workload(id);
    // Whoever serves one workload after the other must not keep them all.
    const forget = (): void => void this.#workloads.delete(workload);
    const served = await serveWorkload(workload, {
      address: address ?? (await this.#newSocketAddress()),
      clock: this.#clock,
      renew,
      onClose: (closed) => {
        this.#served.delete(closed);
        forget();
      },
    }).catch((error: unknown) => {
      forget();
      throw error;
    });
    if (this.#isClosed()) {
      await served.close();
      throw closed();
    }
    this.#served.add(served);
    return served;
  }

  /** A method: it changes while something is awaited. */
  #isClosed(): boolean {
    return this.#closed;
  }

  #workload(id: string | readonly string[]): Workload {
    const { ids, trustDomain } = readWorkloadIds(id);
    const own = this.trustDomain(trustDomain);
    const partners = this.#partnersOf(trustDomain);
    const workload = new Workload(ids, { own, federated: () => [...partners].map((name) => this.trustDomain(name)) });
    this.#workloads.add(workload);
    return workload;
  }

  #add(options: TrustDomainOptions): void {
    const added = new TrustDomainAuthority(options, this.#clock, (change) => this.#authorityChanged(added.name, change));
    if (this.#trustDomains.has(added.name)) throw new RangeError(`trust domain ${added.name} is named twice`);
    this.#trustDomains.set(added.name, added);
    this.#federation.set(added.name, new Set());
  }

  #link(trustDomain: string, other: string): void {
    if (trustDomain === other) throw new RangeError('a trust domain does not federate with itself');
    this.#partnersOf(trustDomain).add(this.trustDomain(other).name);
  }

  #partnersOf(trustDomain: string): Set<string> {
    const partners = this.#federation.get(this.trustDomain(trustDomain).name);
    return partners ?? new Set();
  }

  #authorityChanged(trustDomain: string, change: AuthorityChange): void {
    callAll(this.#workloads, (workload) => workload.authorityChanged(trustDomain, change));
  }

  #federationChanged(trustDomain: string): void {
    const concerned = [...this.#workloads].filter(({ own }) => own.name === trustDomain);
    callAll(concerned, (workload) => workload.federationChanged());
  }

  async #newSocketAddress(): Promise<string> {
    this.#directory ??= mkdtemp(join(tmpdir(), 'dirgate-'));
    this.#sockets += 1;
    const path = join(await this.#directory, `${this.#sockets}.sock`);
    if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
      throw new RangeError(`${path} is too long for a unix socket; set TMPDIR to a shorter directory`);
    }
    return unixAddress(path);
  }

  /** Ends all served workloads and removes their sockets. */
  async close(): Promise<void> {
    this.#closed = true;
    const served = [...this.#served];
    this.#served.clear();
    await Promise.all(served.map((one) => one.close()));
    const directory = await this.#directory;
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  }

  /** {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function closed(): Error {
  return new Error('this identity authority is closed');
}

/** Creates the keys and CAs of all trust domains. Close it, or hold it with `await using`. @throws SpiffeError, RangeError */
export async function createIdentityAuthority(options: IdentityAuthorityOptions): Promise<IdentityAuthority> {
  return new IdentityAuthority(options);
}
