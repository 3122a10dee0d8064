import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Attempt } from '@dirgate/harness';
import type { DirectoryClient } from './directory-client.js';

/** One call of the load, in milliseconds since the epoch. */
export interface LoadAttempt {
  readonly lane: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly status: Attempt['status'];
  readonly details: string;
}

/** Who calls. */
export interface LoadedClient {
  readonly name: string;
  readonly client: DirectoryClient;
  /** A record that exists. */
  readonly cid: string;
}

/** Unary, server stream and bidi stream. */
const SHAPES = 3;
const UNARY_EVERY_MS = 100;
const STREAM_EVERY_MS = 200;
const PULLS = 10;
const PULL_EVERY_MS = 100;

/**
 * Calls without pause until it is stopped: from each client a unary call, a server stream, and a bidi stream of ten messages that is open for a
 * second. A call that failed is written down and never made again.
 */
export class Load implements AsyncDisposable {
  readonly attempts: LoadAttempt[] = [];
  readonly #stopping = new AbortController();
  readonly #lanes: Promise<void>[];

  constructor(clients: readonly LoadedClient[]) {
    setMaxListeners(0, this.#stopping.signal); // one for each lane
    this.#lanes = clients.flatMap(({ name, client, cid }) => [
      this.#lane(`${name} unary`, UNARY_EVERY_MS, () => client.count()),
      this.#lane(`${name} server stream`, STREAM_EVERY_MS, () => client.searchCids()),
      this.#lane(`${name} bidi stream`, 0, () => this.#pullTenTimes(client, cid)),
    ]);
  }

  /** Those that did not end OK. */
  get failures(): readonly LoadAttempt[] {
    return this.attempts.filter(({ status }) => status !== 'OK');
  }

  /** Those that started at or after `time` and have ended. */
  startedFrom(time: number): readonly LoadAttempt[] {
    return this.attempts.filter(({ startedAt }) => startedAt >= time);
  }

  /** Whether a client has ended a call of each shape that it started after `last`. */
  triedAfter({ client, last }: { readonly client: string; readonly last: number }): boolean {
    const late = this.startedFrom(last + 1).filter(({ lane }) => lane.startsWith(`${client} `));
    return new Set(late.map(({ lane }) => lane)).size === SHAPES;
  }

  /** How many calls a client has ended. */
  attemptsOf(name: string): number {
    return this.attempts.filter(({ lane }) => lane.startsWith(`${name} `)).length;
  }

  /** Lets the calls in flight end and makes no more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#lanes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #lane(lane: string, everyMs: number, call: () => Promise<Attempt>): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const startedAt = Date.now();
      const { status, details } = await call();
      this.attempts.push({ lane, startedAt, endedAt: Date.now(), status, details });
      await this.#pause(status === 'OK' ? everyMs : UNARY_EVERY_MS);
    }
  }

  async #pullTenTimes(client: DirectoryClient, cid: string): Promise<Attempt> {
    const stream = client.openPull();
    try {
      for (let pulls = 0; pulls < PULLS; pulls++) {
        await stream.pull(cid);
        await this.#pause(PULL_EVERY_MS);
      }
      return await stream.finish();
    } catch {
      return await stream.ended;
    }
  }

  /** A rate, not a wait for anything. */
  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
