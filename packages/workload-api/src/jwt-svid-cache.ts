import type { JwtSvid, JwtSvidRequest } from '@dirgate/spiffe';
import { status } from '@grpc/grpc-js';
import { callFailureOf } from './call-failure.js';
import type { FetchedJwtSvid, JwtSvidQuestion } from './fetch-jwt-svid.js';
import { WorkloadApiError } from './workload-api-error.js';
import type { WorkloadApiLogger } from './workload-api-logger.js';

const MAX_ENTRIES = 1000;
const REFRESH_RETRY_MS = 5000;
/** A token this close to its end may be late at the receiver. */
const MARGIN_MS = 10_000;
const MARGIN_SHARE = 0.1;

/** How {@link JwtSvidCache} works. */
export interface JwtSvidCacheOptions {
  readonly fetch: (question: JwtSvidQuestion) => Promise<FetchedJwtSvid>;
  readonly clock: () => number;
  /** How long a token is served after the endpoint began to deny it (W-20). */
  readonly withdrawGraceMs: number;
  readonly logger: WorkloadApiLogger;
}

interface Entry extends FetchedJwtSvid {
  /** From here on a caller waits for the next token, if there is one to be had. */
  readonly urgentAt: number;
  readonly retryAt: number;
  readonly deniedAt: number | undefined;
}

/**
 * Our own JWT-SVIDs by subject and audiences. A token is served until its end; from half of its life on the next one is
 * being fetched beside. Callers who want the same token share one fetch.
 */
export class JwtSvidCache {
  readonly #options: JwtSvidCacheOptions;
  /** In the order of last use. */
  #entries = new Map<string, Entry>();
  #flights = new Map<string, Promise<JwtSvid>>();

  constructor(options: JwtSvidCacheOptions) {
    this.#options = options;
  }

  /** A token that is valid now. @throws WorkloadApiError */
  async get({ audience, subject, signal }: JwtSvidRequest): Promise<JwtSvid> {
    throwIfAborted(signal);
    const question = { audience: readAudience(audience), subject };
    const key = JSON.stringify([subject?.toString() ?? null, ...question.audience]);
    const entry = this.#usable(key);
    const now = this.#options.clock();
    if (entry && now < Math.max(entry.refreshAt, entry.retryAt)) return entry.svid;
    const flight = this.#fly(key, question);
    if (entry && now < entry.urgentAt) return entry.svid;
    try {
      return await abortable(flight, signal);
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
    if (now >= entry.svid.expiresAt) return undefined;
    if (entry.deniedAt !== undefined && now - entry.deniedAt >= withdrawGraceMs) return undefined;
    this.#entries.set(key, entry);
    return entry;
  }

  #fly(key: string, question: JwtSvidQuestion): Promise<JwtSvid> {
    const running = this.#flights.get(key);
    if (running !== undefined) return running;
    const entries = this.#entries;
    const flights = this.#flights;
    const flight = this.#options
      .fetch(question)
      .then(
        (fetched) => {
          this.#store(entries, key, fetched);
          return fetched.svid;
        },
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

  #store(entries: Map<string, Entry>, key: string, fetched: FetchedJwtSvid): void {
    const now = this.#options.clock();
    const { expiresAt } = fetched.svid;
    const margin = Math.min(MARGIN_MS, (expiresAt - now) * MARGIN_SHARE);
    entries.delete(key);
    // An agent that cannot renew gives the same token again, past half of its life: not one more question per call.
    const retryAt = now + Math.min(REFRESH_RETRY_MS, (expiresAt - now) / 2);
    entries.set(key, { ...fetched, urgentAt: expiresAt - margin, retryAt, deniedAt: undefined });
    for (const oldest of entries.keys()) {
      if (entries.size <= MAX_ENTRIES) break;
      entries.delete(oldest);
    }
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

function isDenied(error: unknown): boolean {
  return error instanceof WorkloadApiError && callFailureOf(error.cause).code === status.PERMISSION_DENIED;
}

/** W-22: the audience is mandatory. */
function readAudience(audience: string | readonly string[]): readonly string[] {
  const values = typeof audience === 'string' ? [audience] : [...audience];
  if (values.length === 0 || values.includes('')) {
    throw new WorkloadApiError('option_invalid', 'a JWT-SVID is fetched for at least one audience, none of them empty');
  }
  return [...new Set(values)].sort();
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
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
