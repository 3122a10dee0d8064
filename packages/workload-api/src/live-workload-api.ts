import type { JwtBundle, JwtSvid, TrustDomain, X509Bundle, X509Svid } from '@dirgate/spiffe';
import type { Settings } from './connect-options.js';
import type { EndpointAddress } from './endpoint-address.js';
import { fetchJwtSvid } from './fetch-jwt-svid.js';
import type { FirstUpdate, WorkloadApiProfile } from './first-update.js';
import { IdentityState } from './identity-state.js';
import { type IdentityStatus, StatusBoard } from './identity-status.js';
import { JwtSvidCache } from './jwt-svid-cache.js';
import { chooseJwtSvid } from './jwt-svid-choice.js';
import { type JwtSnapshot, readJwtUpdate } from './jwt-update.js';
import { type ProfileStream, runProfileStream } from './profile-stream.js';
import { type WaitForOptions, waitFor } from './wait-for.js';
import type { HintedJwtSvidRequest, WorkloadApi } from './workload-api.js';
import { openWorkloadApiClient } from './workload-api-channel.js';
import { WorkloadApiError } from './workload-api-error.js';
import { readX509BundlesUpdate } from './x509-bundles-update.js';
import type { X509Snapshot } from './x509-snapshot.js';
import { readX509Update } from './x509-update.js';

/** The client behind `connectWorkloadApi`: two streams kept open, two snapshots, one token cache. */
export class LiveWorkloadApi implements WorkloadApi {
  readonly address: string;
  readonly #settings: Settings;
  readonly #state: IdentityState;
  readonly #board: StatusBoard<WorkloadApiProfile>;
  readonly #jwtSvids: JwtSvidCache;
  readonly #openClient: () => ReturnType<typeof openWorkloadApiClient>;
  readonly #lifetime = new AbortController();
  #streams: Promise<unknown> = Promise.resolve();

  constructor(endpoint: EndpointAddress, settings: Settings) {
    const { clock, jwtSvidTimeoutMs: timeoutMs, withdrawGraceMs, logger, limits } = settings;
    const { signal } = this.#lifetime;
    const openClient = () => openWorkloadApiClient(endpoint, limits.maxResponseBytes);
    this.address = endpoint.text;
    this.#settings = settings;
    this.#openClient = openClient;
    this.#state = new IdentityState(logger, clock);
    this.#board = new StatusBoard(clock, logger, () => ({
      isExpired: this.#state.isExpired,
      generation: this.#state.generation,
      validUntil: this.#state.x509?.chosen?.validUntil,
    }));
    this.#state.onExpired(() => this.#board.refresh());
    this.#jwtSvids = new JwtSvidCache({
      fetch: (wish) => fetchJwtSvid(wish, { openClient, clock, timeoutMs, signal, logger }),
      snapshot: () => this.#state.jwt,
      clock,
      withdrawGraceMs,
      logger,
    });
  }

  /** Opens the streams; `first` is told what becomes of them. */
  start(first: FirstUpdate): void {
    const { clock, selectSvid: select, need, limits } = this.#settings;
    const { maxBundles } = limits;
    const x509 = need?.includes('x509-bundles')
      ? this.#keepOpen('x509-bundles', first, 'FetchX509Bundles', {
          apply: async (message, report) => {
            const { x509: previous } = this.#state;
            this.#setX509(await readX509BundlesUpdate(message, { previous, now: clock(), maxBundles, report }));
            return undefined;
          },
          drop: () => this.#setX509(undefined),
        })
      : this.#keepOpen('x509', first, 'FetchX509SVID', {
          apply: async (message, report) => {
            const { x509: previous } = this.#state;
            const snapshot = await readX509Update(message, { previous, now: clock(), maxBundles, report, select });
            this.#setX509(snapshot);
            // W-19: the message is good, but it has nothing for us.
            if (snapshot.chosen) return undefined;
            return new WorkloadApiError('svid_not_selected', 'none of our X509-SVIDs is the selected one');
          },
          drop: () => this.#setX509(undefined),
        });
    const jwt = this.#keepOpen('jwt', first, 'FetchJWTBundles', {
      apply: async (message, report) => {
        const { jwt: previous, x509: own } = this.#state;
        const ownTrustDomains = new Set(own?.svids.map(({ svid }) => svid.id.trustDomain.name));
        this.#setJwt(await readJwtUpdate(message, { previous, now: clock(), maxBundles, report, ownTrustDomains }));
        return undefined;
      },
      drop: () => this.#setJwt(undefined),
    });
    this.#streams = Promise.all([x509, jwt]);
  }

  x509Svid(): X509Svid | undefined {
    return this.#state.x509Svid();
  }

  x509Svids(): readonly X509Svid[] {
    return this.#state.x509Svids();
  }

  x509Bundle(trustDomain: TrustDomain): X509Bundle | undefined {
    return this.#state.x509Bundle(trustDomain);
  }

  jwtBundle(trustDomain: TrustDomain): JwtBundle | undefined {
    return this.#state.jwtBundle(trustDomain);
  }

  async fetchJwtSvid(request: HintedJwtSvidRequest): Promise<JwtSvid> {
    if (this.#lifetime.signal.aborted) throw new WorkloadApiError('closed', 'the Workload API client is closed');
    return this.#jwtSvids.get(request, chooseJwtSvid(request, this.#settings, this.#state.x509?.chosen));
  }

  onChange(listener: () => void): () => void {
    return this.#state.onChange(listener);
  }

  onExpired(listener: () => void): () => void {
    return this.#state.onExpired(listener);
  }

  status(): IdentityStatus {
    return this.#board.status();
  }

  async waitFor(predicate: () => boolean, options: WaitForOptions = {}): Promise<void> {
    const watch = (look: () => void) => [this.#state.onChange(look), this.#board.onChange(look)];
    return waitFor({ holds: predicate, watch, end: this.#lifetime.signal }, options);
  }

  async close(): Promise<void> {
    this.#lifetime.abort();
    this.#jwtSvids.clear();
    await this.#streams;
    this.#board.end(new WorkloadApiError('closed', 'the Workload API client is closed'));
    this.#state.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** An endpoint may go on serving JWT bundles to a workload whose identity it took away: its tokens end with the identity. */
  #setX509(snapshot: X509Snapshot | undefined): void {
    // A message is read in turns: meanwhile all this may have been closed.
    if (this.#lifetime.signal.aborted) return;
    const ids = new Set(snapshot?.svids.map(({ svid }) => svid.id.toString()));
    if (this.#state.x509?.svids.some(({ svid }) => !ids.has(svid.id.toString()))) this.#jwtSvids.clear();
    this.#state.setX509(snapshot);
  }

  #setJwt(snapshot: JwtSnapshot | undefined): void {
    if (!this.#lifetime.signal.aborted) this.#state.setJwt(snapshot);
  }

  #keepOpen(
    profile: WorkloadApiProfile,
    first: FirstUpdate,
    name: ProfileStream['name'],
    { apply, drop }: Pick<ProfileStream, 'apply' | 'drop'>,
  ): Promise<void> {
    const need = this.#settings.need ?? ['x509', 'jwt'];
    this.#board.add(profile, need.includes(profile));
    return runProfileStream({
      profile,
      name,
      apply,
      drop,
      first,
      board: this.#board,
      openClient: this.#openClient,
      settings: this.#settings,
      signal: this.#lifetime.signal,
    });
  }
}
