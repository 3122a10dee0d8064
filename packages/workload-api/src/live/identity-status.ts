import { Listeners } from '@dirgate/live';
import type { WorkloadApiError } from '../workload-api-error.js';
import type { WorkloadApiLogger } from '../workload-api-logger.js';

/**
 * How an identity is doing. `connecting`: not everything needed is there yet. `ready`: all is there and kept up to date. `stale`:
 * all is there, but not kept up to date at present. `withdrawn`: it was taken away, or none was selected. `expired`: the time of
 * our X509-SVID is over.
 */
export type IdentityStateName = 'connecting' | 'ready' | 'stale' | 'withdrawn' | 'expired';

/** How an identity is doing, at one moment. */
export interface IdentityStatus {
  readonly state: IdentityStateName;
  /** Since when it is in that state, ms since the epoch. */
  readonly since: number;
  /** How often anything that a reader can see has changed. */
  readonly generation: number;
  /** The last valid instant of the X509-SVID that we present, ms since the epoch, also when it is past. */
  readonly validUntil: number | undefined;
  /** Why it is not kept up to date; `undefined` once it is again. */
  readonly lastError: WorkloadApiError | undefined;
}

/** One thing that has to be kept up to date. */
type FeedState = 'connecting' | 'fresh' | 'failing' | 'withdrawn' | 'off';

interface Feed {
  readonly state: FeedState;
  /** Nothing waits for a feed that is not needed, but what it brought is watched over. */
  readonly needed: boolean;
  readonly error: WorkloadApiError | undefined;
}

/** What {@link StatusBoard} looks at besides its feeds. */
export interface StatusFacts {
  readonly isExpired: boolean;
  readonly generation: number;
  readonly validUntil: number | undefined;
}

/** Derives the one state of an identity from its feeds: the worst of theirs. */
export class StatusBoard<Name extends string> {
  readonly #clock: () => number;
  readonly #facts: () => StatusFacts;
  readonly #listeners: Listeners;
  readonly #feeds = new Map<Name, Feed>();
  #state: IdentityStateName = 'connecting';
  #since: number;
  #lastError: WorkloadApiError | undefined;
  #isOver = false;

  constructor(clock: () => number, logger: WorkloadApiLogger, facts: () => StatusFacts) {
    this.#clock = clock;
    this.#listeners = new Listeners('a status', (problem) => logger.error(problem));
    this.#facts = facts;
    this.#since = clock();
  }

  /** Calls `listener` after a feed brought something or failed. */
  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Counts this feed from now on. */
  add(name: Name, needed: boolean): void {
    this.#feeds.set(name, { state: 'connecting', needed, error: undefined });
  }

  /** It brought valid data. */
  fresh(name: Name): void {
    this.#set(name, 'fresh', undefined);
  }

  /** It cannot bring anything at present. */
  failing(name: Name, error: WorkloadApiError): void {
    if (this.#isOver) return;
    const state = this.#feeds.get(name)?.state;
    this.#lastError = error;
    this.#set(name, state === 'fresh' ? 'failing' : (state ?? 'connecting'), error);
  }

  /** What it brought is gone, or does not fit. */
  withdrawn(name: Name, error: WorkloadApiError | undefined): void {
    if (this.#isOver) return;
    if (error) this.#lastError = error;
    this.#set(name, 'withdrawn', error ?? this.#feeds.get(name)?.error);
  }

  /** It never will bring anything, and is not needed. */
  off(name: Name): void {
    this.#set(name, 'off', undefined);
  }

  /** Nothing will come any more, and all that came is gone. */
  end(error: WorkloadApiError): void {
    for (const name of this.#feeds.keys()) this.withdrawn(name, error);
    this.#isOver = true;
    this.#listeners.clear();
  }

  /** To be called when a fact may have changed. */
  refresh(): void {
    const state = this.#derive();
    if (state === this.#state) return;
    this.#state = state;
    this.#since = this.#clock();
  }

  status(): IdentityStatus {
    this.refresh();
    const { generation, validUntil } = this.#facts();
    const standing = [...this.#feeds.values()].some(({ error }) => error === this.#lastError);
    return Object.freeze({
      state: this.#state,
      since: this.#since,
      generation,
      validUntil,
      lastError: standing ? this.#lastError : undefined,
    });
  }

  #set(name: Name, state: FeedState, error: WorkloadApiError | undefined): void {
    // What was on its way when all ended changes nothing.
    if (this.#isOver) return;
    const needed = this.#feeds.get(name)?.needed ?? false;
    this.#feeds.set(name, { state, needed, error });
    this.refresh();
    this.#listeners.tell();
  }

  #derive(): IdentityStateName {
    const feeds = [...this.#feeds.values()].filter(({ state, needed }) => state !== 'off' && (needed || state !== 'connecting'));
    const any = (wanted: FeedState): boolean => feeds.some(({ state }) => state === wanted);
    if (any('withdrawn')) return 'withdrawn';
    if (this.#facts().isExpired) return 'expired';
    if (any('connecting')) return 'connecting';
    return any('failing') ? 'stale' : 'ready';
  }
}
