import { thrownText } from '@dirgate/live';
import type { JwtBundle, JwtSvid, JwtSvidRequest } from '@dirgate/spiffe';
import { status } from '@grpc/grpc-js';
import { callFailureOf } from '../calls/call-failure.js';
import type { JwtSnapshot } from '../updates/jwt-update.js';
import { WorkloadApiError } from '../workload-api-error.js';
import type { WorkloadApiLogger } from '../workload-api-logger.js';
import type { JwtSvidWish } from './fetch-jwt-svid.js';
import type { JwtSvidChoice } from './jwt-svid-choice.js';
import { jwtSvidKey } from './jwt-svid-key.js';
import { type FetchedJwtSvid, readAudience } from './jwt-svid-response.js';

const MAX_ENTRIES = 1000;
const REFRESH_RETRY_MS = 5000;
/** A token this close to its end may be late at the receiver. */
const MARGIN_MS = 10_000;
const MARGIN_SHARE = 0.1;
/** An agent that is there answers sooner; one that is away must not keep callers from the token that we have. */
const MAX_WAIT_MS = 1000;

/** How {@link JwtSvidCache} works. */
export interface JwtSvidCacheOptions {
  readonly fetch: (wish: JwtSvidWish) => Promise<FetchedJwtSvid>;
  /** The JWT bundles of now. A token lives no longer than its trust domain's bundle: that may be why there is a new one. */
  readonly snapshot: () => JwtSnapshot | undefined;
  readonly clock: () => number;
  /** How long a token is served after the endpoint began to deny it (W-20). */
  readonly withdrawGraceMs: number;
  readonly logger: WorkloadApiLogger;
}

/** What to ask of {@link JwtSvidCache}. */
export type CachedJwtSvidRequest = Pick<JwtSvidRequest, 'audience' | 'signal'>;

interface Entry extends FetchedJwtSvid {
  /** Grows from use to use, over all entries. */
  lastUse: number;
  /** The bundle of the token's trust domain when it was asked for. */
  readonly bundle: JwtBundle | undefined;
  /** From here on a caller waits a little for the next token, if there is one to be had. */
  readonly urgentAt: number;
  readonly retryAt: number;
  readonly deniedAt: number | undefined;
}

/**
 * Our own JWT-SVIDs by subject, audiences and hint. A token is served until its end; from half of its life on the next one is
 * being fetched beside. Callers who want the same token share one fetch.
 */
export class JwtSvidCache {
  readonly #options: JwtSvidCacheOptions;
  #entries = new Map<string, Entry>();
  #flights = new Map<string, Promise<Entry>>();
  #uses = 0;

  constructor(options: JwtSvidCacheOptions) {
    this.#options = options;
  }

  /**
   * A token that is valid now, of the identity that `choose` names; it is asked again when {@link clear} was called meanwhile. No promise
   * where there is one in memory, which would cost more than finding it. @throws WorkloadApiError, and what `choose` throws
   */
  get(request: CachedJwtSvidRequest, choose: () => JwtSvidChoice): JwtSvid | Promise<JwtSvid> {
    const { audience, signal } = request;
    throwIfAborted(signal);
    const { subject, wish } = choose();
    const question = { audience: readAudience(audience), subject, wish };
    const key = jwtSvidKey(question);
    const now = this.#options.clock();
    const entry = this.#usable(key, now);
    if (entry && now < Math.max(entry.refreshAt, entry.retryAt)) return entry.svid;
    const flight = this.#fly(key, question);
    if (entry && now < entry.urgentAt) return entry.svid;
    const inTime = entry ? notLongerThan((entry.svid.expiresAt - now) / 2, flight) : flight;
    const entries = this.#entries;
    return this.#land(inTime, key, question, signal).then((svid) => {
      // Who we are changed on the way: the token may be of an identity that was taken away.
      return this.#entries === entries ? svid : this.get(request, choose);
    });
  }

  /** Forgets all tokens; what is being fetched now is not kept. */
  clear(): void {
    this.#entries = new Map();
    this.#flights = new Map();
  }

  /** The token that a flight brings, or what there is in memory where it brings none. */
  async #land(flight: Promise<Entry>, key: string, question: JwtSvidWish, signal: AbortSignal | undefined): Promise<JwtSvid> {
    const entries = this.#entries;
    try {
      const fetched = await abortable(flight, signal);
      if (this.#entries !== entries || this.#isOfNow(fetched)) return fetched.svid;
      // The trust domain's keys changed on the way: this token may be by a key that is not trusted any more.
      return (await abortable(this.#fly(key, question), signal)).svid;
    } catch (error) {
      throwIfAborted(signal);
      const cached = this.#usable(key, this.#options.clock());
      if (cached) return cached.svid;
      throw error;
    }
  }

  #usable(key: string, now: number): Entry | undefined {
    const { withdrawGraceMs } = this.#options;
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    // A clock that went back says nothing of how long ago it was.
    const isGraceOver = entry.deniedAt !== undefined && !(now >= entry.deniedAt && now - entry.deniedAt < withdrawGraceMs);
    if (!(now < entry.svid.expiresAt) || isGraceOver || !this.#isOfNow(entry)) {
      this.#entries.delete(key);
      return undefined;
    }
    entry.lastUse = ++this.#uses;
    return entry;
  }

  /** Whether the trust domain's JWT bundle is still the one of when the token was asked for. */
  #isOfNow({ svid, bundle }: Entry): boolean {
    return bundle === bundleOf(svid, this.#options.snapshot());
  }

  #fly(key: string, question: JwtSvidWish): Promise<Entry> {
    const running = this.#flights.get(key);
    if (running !== undefined) return running;
    const entries = this.#entries;
    const flights = this.#flights;
    const snapshot = this.#options.snapshot();
    const flight = this.#options
      .fetch(question)
      .then(
        (fetched) => this.#store(entries, key, fetched, bundleOf(fetched.svid, snapshot)),
        (error: unknown) => {
          this.#noteFailure(entries, key, error);
          throw error;
        },
      )
      .finally(() => flights.delete(key));
    // Nobody may be waiting for a refresh.
    flight.catch(() => {});
    flights.set(key, flight);
    return flight;
  }

  #store(entries: Map<string, Entry>, key: string, fetched: FetchedJwtSvid, bundle: JwtBundle | undefined): Entry {
    const now = this.#options.clock();
    const { expiresAt } = fetched.svid;
    const margin = Math.min(MARGIN_MS, (expiresAt - now) * MARGIN_SHARE);
    // An agent that cannot renew gives the same token again, past half of its life: not one more question per call.
    const retryAt = now + Math.min(REFRESH_RETRY_MS, (expiresAt - now) / 2);
    const lastUse = ++this.#uses;
    const entry = { ...fetched, lastUse, bundle, urgentAt: expiresAt - margin, retryAt, deniedAt: undefined };
    entries.set(key, entry);
    if (entries.size > MAX_ENTRIES) entries.delete(longestUnused(entries));
    return entry;
  }

  #noteFailure(entries: Map<string, Entry>, key: string, error: unknown): void {
    const { clock, logger } = this.#options;
    const entry = entries.get(key);
    if (!entry) return;
    logger.warn(`a JWT-SVID could not be refreshed: ${thrownText(error)}`);
    const now = clock();
    const denied = isDenied(error) ? (entry.deniedAt ?? now) : entry.deniedAt;
    entries.set(key, { ...entry, retryAt: now + REFRESH_RETRY_MS, deniedAt: denied });
  }
}

function bundleOf({ id }: JwtSvid, snapshot: JwtSnapshot | undefined): JwtBundle | undefined {
  return snapshot?.bundles.get(id.trustDomain.name)?.bundle;
}

/** Looked for among all, once for each token that is fetched: keeping them in order would cost each use. */
function longestUnused(entries: ReadonlyMap<string, Entry>): string {
  let oldest = '';
  let since = Number.POSITIVE_INFINITY;
  for (const [key, { lastUse }] of entries) {
    if (lastUse >= since) continue;
    oldest = key;
    since = lastUse;
  }
  return oldest;
}

function isDenied(error: unknown): boolean {
  return error instanceof WorkloadApiError && callFailureOf(error.cause).code === status.PERMISSION_DENIED;
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new WorkloadApiError('aborted', 'fetching a JWT-SVID was aborted', { cause: signal.reason });
}

/** Rejects after `ms`, or {@link MAX_WAIT_MS}; what is waited for goes on. */
function notLongerThan<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new WorkloadApiError('jwt_svid_unavailable', 'there is no next JWT-SVID yet'));
    const timer = setTimeout(late, Math.min(ms, MAX_WAIT_MS));
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Stops waiting when aborted; what is waited for goes on for the others. */
function abortable<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void =>
      reject(new WorkloadApiError('aborted', 'fetching a JWT-SVID was aborted', { cause: signal.reason }));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
