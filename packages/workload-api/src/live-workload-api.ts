import type { JwtBundle, JwtSvid, JwtSvidRequest, TrustDomain, X509Bundle, X509Svid } from '@dirgate/spiffe';
import { status } from '@grpc/grpc-js';
import { Backoff } from './backoff.js';
import type { CallFailure } from './call-failure.js';
import type { Settings } from './connect-options.js';
import type { EndpointAddress } from './endpoint-address.js';
import { fetchJwtSvid } from './fetch-jwt-svid.js';
import type { FirstUpdate, WorkloadApiProfile } from './first-update.js';
import { IdentityState } from './identity-state.js';
import { JwtSvidCache } from './jwt-svid-cache.js';
import { readJwtUpdate } from './jwt-update.js';
import { runStreamLoop, type StreamLoop } from './stream-loop.js';
import { WithdrawalGrace } from './withdrawal-grace.js';
import type { WorkloadApi } from './workload-api.js';
import { openWorkloadApiClient, securityHeader } from './workload-api-channel.js';
import { WorkloadApiError } from './workload-api-error.js';
import type { X509Snapshot } from './x509-snapshot.js';
import { readX509Update } from './x509-update.js';

/** The client behind `connectWorkloadApi`: two streams kept open, two snapshots, one token cache. */
export class LiveWorkloadApi implements WorkloadApi {
  readonly address: string;
  readonly #endpoint: EndpointAddress;
  readonly #settings: Settings;
  readonly #state: IdentityState;
  readonly #jwtSvids: JwtSvidCache;
  readonly #lifetime = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();

  constructor(endpoint: EndpointAddress, settings: Settings) {
    this.address = endpoint.text;
    this.#endpoint = endpoint;
    this.#settings = settings;
    this.#state = new IdentityState(settings.logger);
    const { clock, jwtSvidTimeoutMs: timeoutMs, withdrawGraceMs, logger } = settings;
    const signal = this.#lifetime.signal;
    this.#jwtSvids = new JwtSvidCache({
      fetch: (question) => fetchJwtSvid(question, { openClient: this.#openClient, clock, timeoutMs, signal }),
      clock,
      withdrawGraceMs,
      logger,
    });
  }

  /** Opens the streams; `first` is told what becomes of them. */
  start(first: FirstUpdate): void {
    const { clock, maxBundles, logger } = this.#settings;
    const report = (problem: string): void => logger.warn(problem);
    const x509 = this.#keepOpen('x509', first, {
      name: 'FetchX509SVID',
      openStream: (client) => client.fetchX509SVID({}, securityHeader()),
      apply: (message) => {
        this.#setX509(readX509Update(message, { previous: this.#state.x509, now: clock(), maxBundles, report }));
      },
      drop: () => this.#setX509(undefined),
    });
    const jwt = this.#keepOpen('jwt', first, {
      name: 'FetchJWTBundles',
      openStream: (client) => client.fetchJWTBundles({}, securityHeader()),
      apply: (message) => {
        const { jwt: previous } = this.#state;
        const ownTrustDomain = this.x509Svid()?.id.trustDomain.name;
        this.#state.setJwt(readJwtUpdate(message, { previous, now: clock(), maxBundles, report, ownTrustDomain }));
      },
      drop: () => {
        this.#jwtSvids.clear();
        this.#state.setJwt(undefined);
      },
    });
    this.#loops = Promise.all([x509, jwt]);
  }

  x509Svid(): X509Svid | undefined {
    return this.#state.x509Svid();
  }

  x509Svids(): readonly X509Svid[] {
    return this.#state.x509?.svids.map(({ svid }) => svid) ?? [];
  }

  x509Bundle(trustDomain: TrustDomain): X509Bundle | undefined {
    return this.#state.x509Bundle(trustDomain);
  }

  jwtBundle(trustDomain: TrustDomain): JwtBundle | undefined {
    return this.#state.jwtBundle(trustDomain);
  }

  async fetchJwtSvid(request: JwtSvidRequest): Promise<JwtSvid> {
    if (this.#lifetime.signal.aborted) throw new WorkloadApiError('closed', 'the Workload API client is closed');
    return this.#jwtSvids.get(request);
  }

  onChange(listener: () => void): () => void {
    return this.#state.onChange(listener);
  }

  async close(): Promise<void> {
    this.#lifetime.abort();
    this.#jwtSvids.clear();
    await this.#loops;
    this.#state.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #openClient = () => openWorkloadApiClient(this.#endpoint, this.#settings.maxResponseBytes);

  /** An endpoint may go on serving JWT bundles to a workload whose identity it took away: its tokens end with the identity. */
  #setX509(snapshot: X509Snapshot | undefined): void {
    const ids = new Set(snapshot?.svids.map(({ svid }) => svid.id.toString()));
    if (this.x509Svids().some(({ id }) => !ids.has(id.toString()))) this.#jwtSvids.clear();
    this.#state.setX509(snapshot);
  }

  /** Runs one profile's stream for the life of this client. */
  async #keepOpen<Message>(
    profile: WorkloadApiProfile,
    first: FirstUpdate,
    stream: Pick<StreamLoop<Message>, 'name' | 'openStream' | 'apply'> & { readonly drop: () => void },
  ): Promise<void> {
    const { withdrawGraceMs, responseTimeoutMs, logger, backoff } = this.#settings;
    let held = false;
    const grace = new WithdrawalGrace(withdrawGraceMs, () => {
      logger.error(`${stream.name}: withdrawn by the endpoint; what it gave us is not used any more`);
      held = false;
      stream.drop();
    });
    const ended = await runStreamLoop<Message>({
      name: stream.name,
      openClient: this.#openClient,
      openStream: stream.openStream,
      apply: (message) => {
        stream.apply(message);
        held = true;
        grace.granted();
        first.arrived(profile);
      },
      onFailure: (failure: CallFailure) => {
        if (held && failure.code === status.PERMISSION_DENIED) grace.denied();
        first.failed(profile, failure);
      },
      backoff: new Backoff(backoff),
      responseTimeoutMs,
      logger,
      signal: this.#lifetime.signal,
    });
    if (!ended || this.#lifetime.signal.aborted) return grace.granted();
    // Nothing will ever update this profile again, so that nothing of it can be trusted for long.
    if (held) grace.denied();
    first.ended(profile, ended);
    this.#lifetime.signal.addEventListener('abort', () => grace.granted(), { once: true });
  }
}
