import type { JwtBundle, JwtSvid, JwtSvidRequest } from '@dirgate/spiffe';
import { status } from '@grpc/grpc-js';
import { callFailureOf } from './call-failure.js';
import type { JwtSvidWish } from './fetch-jwt-svid.js';
import type { JwtSvidChoice } from './jwt-svid-choice.js';
import { type FetchedJwtSvid, readAudience } from './jwt-svid-response.js';
import type { JwtSnapshot } from './jwt-update.js';
import { WorkloadApiError } from './workload-api-error.js';
import type { WorkloadApiLogger } from './workload-api-logger.js';

const MAX_ENTRIES = 1000;
const REFRESH_RETRY_MS = 5000;
/** A token this close to its end may be late at the receiver. */
const MARGIN_MS = 10_000;
const MARGIN_SHARE = 0.1;

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

interface Entry extends FetchedJwtSvid {
  /** The bundle of the token's trust domain when it was asked for. */
  readonly bundle: JwtBundle | undefined;
  /** From here on a caller waits for the next token, if there is one to be had. */
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
  /** In the order of last use. */
  #entries = new Map<string, Entry>();
  #flights = new Map<string, Promise<Entry>>();

  constructor(options: JwtSvidCacheOptions) {
    this.#options = options;
  }

  /** A token that is valid now. @throws WorkloadApiError */
  async get(
    { audience, signal }: Pick<JwtSvidRequest, 'audience' | 'signal'>,
    { subject, wish }: JwtSvidChoice,
  ): Promise<JwtSvid> {
    throwIfAborted(signal);
    const question = { audience: readAudience(audience), subject, wish };
    const key = JSON.stringify([subject?.toString() ?? null, wish?.hint ?? null, wish?.orFirst ?? false, ...question.audience]);
    const entry = this.#usable(key);
    const now = this.#options.clock();
    if (entry && now < Math.max(entry.refreshAt, entry.retryAt)) return entry.svid;
    const flight = this.#fly(key, question);
    if (entry && now < entry.urgentAt) return entry.svid;
    try {
      const fetched = await abortable(flight, signal);
      if (this.#isOfNow(fetched)) return fetched.svid;
      // The trust domain's keys changed on the way: this token may be by a key that is not trusted any more.
      return (await abortable(this.#fly(key, question), signal)).svid;
    } catch (error) {
      throwIfAborted(signal);
      const cached = this.#usable(key);
      if (cached) return cached.svid;
      throw error;
    }
  }

  /** Forgets all tokens; what is being fetched now is not kept. */
  clear(): void {
    this.#entries = new Map();
    this.#flights = new Map();
  }

  #usable(key: string): Entry | undefined {
    const { clock, withdrawGraceMs } = this.#options;
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const now = clock();
    this.#entries.delete(key);
    if (!(now < entry.svid.expiresAt)) return undefined;
    // A clock that went back says nothing of how long ago it was.
    if (entry.deniedAt !== undefined && !(now >= entry.deniedAt && now - entry.deniedAt < withdrawGraceMs)) return undefined;
    if (!this.#isOfNow(entry)) return undefined;
    this.#entries.set(key, entry);
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
    entries.delete(key);
    // An agent that cannot renew gives the same token again, past half of its life: not one more question per call.
    const retryAt = now + Math.min(REFRESH_RETRY_MS, (expiresAt - now) / 2);
    const entry = { ...fetched, bundle, urgentAt: expiresAt - margin, retryAt, deniedAt: undefined };
    entries.set(key, entry);
    for (const oldest of entries.keys()) {
      if (entries.size <= MAX_ENTRIES) break;
      entries.delete(oldest);
    }
    return entry;
  }

  #noteFailure(entries: Map<string, Entry>, key: string, error: unknown): void {
    const { clock, logger } = this.#options;
    const entry = entries.get(key);
    if (!entry) return;
    logger.warn(`a JWT-SVID could not be refreshed: ${error instanceof Error ? error.message : String(error)}`);
    const now = clock();
    const denied = isDenied(error) ? (entry.deniedAt ?? now) : entry.deniedAt;
    entries.set(key, { ...entry, retryAt: now + REFRESH_RETRY_MS, deniedAt: denied });
  }
}

function bundleOf({ id }: JwtSvid, snapshot: JwtSnapshot | undefined): JwtBundle | undefined {
  return snapshot?.bundles.get(id.trustDomain.name)?.bundle;
}

function isDenied(error: unknown): boolean {
  return error instanceof WorkloadApiError && callFailureOf(error.cause).code === status.PERMISSION_DENIED;
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new WorkloadApiError('aborted', 'fetching a JWT-SVID was aborted', { cause: signal.reason });
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
