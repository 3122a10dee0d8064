import type { JwtSvid, X509Svid } from '@dirgate/spiffe';
import type { EndpointAddress } from '../calls/endpoint-address.js';
import { openWorkloadApiClient } from '../calls/workload-api-channel.js';
import type { Settings } from '../connect-options.js';
import { fetchJwtSvid } from '../jwt-svid/fetch-jwt-svid.js';
import { JwtSvidCache } from '../jwt-svid/jwt-svid-cache.js';
import { chooseJwtSvid } from '../jwt-svid/jwt-svid-choice.js';
import { admitOwn, type JwtSnapshot, readJwtUpdate } from '../updates/jwt-update.js';
import { readX509BundlesUpdate } from '../updates/x509-bundles-update.js';
import type { X509Snapshot } from '../updates/x509-snapshot.js';
import { readX509Update } from '../updates/x509-update.js';
import type { HintedJwtSvidRequest, WorkloadApi } from '../workload-api.js';
import { WorkloadApiError } from '../workload-api-error.js';
import type { FirstUpdate, WorkloadApiProfile } from './first-update.js';
import { LiveSource } from './live-source.js';
import { type ProfileStream, runProfileStream } from './profile-stream.js';

/** The client behind `connectWorkloadApi`: two streams kept open, two snapshots, one token cache. */
export class LiveWorkloadApi extends LiveSource<WorkloadApiProfile> implements WorkloadApi {
  readonly address: string;
  readonly #settings: Settings;
  readonly #jwtSvids: JwtSvidCache;
  readonly #openClient: () => ReturnType<typeof openWorkloadApiClient>;
  #streams: Promise<unknown> = Promise.resolve();

  constructor(endpoint: EndpointAddress, settings: Settings) {
    const { clock, jwtSvidTimeoutMs: timeoutMs, withdrawGraceMs, logger, limits } = settings;
    super(clock, logger);
    const signal = this.lifetime;
    const openClient = () => openWorkloadApiClient(endpoint, limits.maxResponseBytes);
    this.address = endpoint.text;
    this.#settings = settings;
    this.#openClient = openClient;
    this.#jwtSvids = new JwtSvidCache({
      fetch: (wish) => fetchJwtSvid(wish, { openClient, clock, timeoutMs, signal, logger }),
      snapshot: () => this.state.jwt,
      clock,
      withdrawGraceMs,
      logger,
    });
  }

  /** Opens the streams; `first` is told what becomes of them. */
  start(first: FirstUpdate): void {
    const { clock, selectSvid: select, need, limits } = this.#settings;
    const x509 = need?.includes('x509-bundles')
      ? this.#keepOpen('x509-bundles', first, 'FetchX509Bundles', {
          apply: async (message, report) => {
            const { x509: previous } = this.state;
            this.#setX509(await readX509BundlesUpdate(message, { previous, now: clock(), ...limits, report }));
            return {};
          },
          drop: () => this.#setX509(undefined),
        })
      : this.#keepOpen('x509', first, 'FetchX509SVID', {
          apply: async (message, report) => {
            const { x509: previous } = this.state;
            const snapshot = await readX509Update(message, { previous, now: clock(), ...limits, report, select });
            this.#setX509(snapshot);
            const { refused, chosen } = snapshot;
            // Left out of it, and nothing came in its place.
            if (refused) return { refused, ...(previous?.chosen && !chosen && { lacking: refused }) };
            // W-19: the message is good, but it has nothing for us.
            if (chosen) return {};
            return { lacking: new WorkloadApiError('svid_not_selected', 'none of our X509-SVIDs is the selected one') };
          },
          drop: () => this.#setX509(undefined),
        });
    const jwt = this.#keepOpen('jwt', first, 'FetchJWTBundles', {
      apply: async (message, report) => {
        const { jwt: previous } = this.state;
        // Asked for when the message was read: meanwhile there may be an SVID, or another one.
        const ownTrustDomains = () => ownTrustDomainsOf(this.state.x509);
        this.#setJwt(await readJwtUpdate(message, { previous, now: clock(), ...limits, report, ownTrustDomains }));
        return {};
      },
      drop: () => this.#setJwt(undefined),
    });
    this.#streams = Promise.all([x509, jwt]);
  }

  x509Svids(): readonly X509Svid[] {
    return this.state.x509Svids();
  }

  async fetchJwtSvid(request: HintedJwtSvidRequest): Promise<JwtSvid> {
    return this.#jwtSvids.get(request, () => {
      if (this.lifetime.aborted) throw new WorkloadApiError('closed', 'the Workload API client is closed');
      return chooseJwtSvid(request, this.#settings, this.state.x509?.chosen);
    });
  }

  protected override async stop(): Promise<void> {
    this.#jwtSvids.clear();
    await this.#streams;
  }

  /**
   * Tokens end with any change of who we are: an endpoint may go on serving JWT bundles to a workload whose identity it took away, and a
   * token that was asked for as the default one, or by a hint, is of another subject once the order or the hints changed.
   */
  #setX509(snapshot: X509Snapshot | undefined): void {
    // A message is read in turns: meanwhile all this may have been closed.
    if (this.lifetime.aborted) return;
    const isSame = identitiesOf(snapshot) === identitiesOf(this.state.x509);
    if (!isSame) this.#jwtSvids.clear();
    this.state.setX509(snapshot);
    const { jwt } = this.state;
    if (!isSame && jwt) this.#setJwt(jwt);
  }

  /** Which bundles are our own may have changed since it was read, or since it was set. */
  #setJwt(snapshot: JwtSnapshot | undefined): void {
    if (this.lifetime.aborted) return;
    const { limits, logger } = this.#settings;
    const report = (problem: string): void => logger.warn(problem);
    const admitted = snapshot && admitOwn(snapshot, ownTrustDomainsOf(this.state.x509), { ...limits, report });
    if (admitted !== this.state.jwt) this.state.setJwt(admitted);
  }

  #keepOpen(
    profile: WorkloadApiProfile,
    first: FirstUpdate,
    name: ProfileStream['name'],
    { apply, drop }: Pick<ProfileStream, 'apply' | 'drop'>,
  ): Promise<void> {
    const need = this.#settings.need ?? ['x509', 'jwt'];
    this.board.add(profile, need.includes(profile));
    return runProfileStream({
      profile,
      name,
      apply,
      drop,
      first,
      board: this.board,
      openClient: this.#openClient,
      settings: this.#settings,
      signal: this.lifetime,
    });
  }
}

function ownTrustDomainsOf(snapshot: X509Snapshot | undefined): ReadonlySet<string> {
  return new Set(snapshot?.svids.map(({ svid }) => svid.id.trustDomain.name));
}

/** All that decides which subject a token is of: equal texts, equal subjects. */
function identitiesOf(snapshot: X509Snapshot | undefined): string {
  const all = snapshot?.svids.map(({ svid }) => [svid.id.toString(), svid.hint]);
  return JSON.stringify([snapshot?.chosen?.id.toString() ?? null, all ?? []]);
}
