import { setMaxListeners } from 'node:events';
import { type WaitForSource, waitFor } from '@dirgate/live';
import type { JwtBundle, TrustDomain, X509Bundle, X509Svid } from '@dirgate/spiffe';
import { WorkloadApiError } from '../workload-api-error.js';
import type { WorkloadApiLogger } from '../workload-api-logger.js';
import { IdentityState } from './identity-state.js';
import { type IdentityStatus, StatusBoard } from './identity-status.js';
import type { LiveIdentity, WaitForOptions } from './live-identity.js';

/** What live identities have in common, wherever they come from: one state that readers see, one board that says how it is doing. */
export abstract class LiveSource<Feed extends string> implements LiveIdentity {
  protected readonly state: IdentityState;
  protected readonly board: StatusBoard<Feed>;
  readonly #lifetime = new AbortController();

  protected constructor(clock: () => number, logger: WorkloadApiLogger) {
    // Whoever waits and whatever is asked ends with it: more than ten at a time are no leak.
    setMaxListeners(0, this.#lifetime.signal);
    const state = new IdentityState(logger, clock);
    const board = new StatusBoard<Feed>(clock, logger, () => ({
      isExpired: state.isExpired,
      generation: state.generation,
      validUntil: state.x509?.chosen?.validUntil,
    }));
    state.onExpired(() => board.refresh());
    this.state = state;
    this.board = board;
  }

  /** Aborted when it is closed. */
  protected get lifetime(): AbortSignal {
    return this.#lifetime.signal;
  }

  x509Svid(): X509Svid | undefined {
    return this.state.x509Svid();
  }

  x509Bundle(trustDomain: TrustDomain): X509Bundle | undefined {
    return this.state.x509Bundle(trustDomain);
  }

  jwtBundle(trustDomain: TrustDomain): JwtBundle | undefined {
    return this.state.jwtBundle(trustDomain);
  }

  onChange(listener: () => void): () => void {
    return this.state.onChange(listener);
  }

  onExpired(listener: () => void): () => void {
    return this.state.onExpired(listener);
  }

  status(): IdentityStatus {
    return this.board.status();
  }

  async waitFor(predicate: () => boolean, options: WaitForOptions = {}): Promise<void> {
    const failure = (...[code, message, cause]: Parameters<WaitForSource['failure']>) =>
      new WorkloadApiError(code, message, cause);
    const watch = (look: () => void) => {
      const stops = [this.state.onChange(look), this.board.onChange(look)];
      return () => stops.forEach((stop) => void stop());
    };
    return waitFor({ name: 'the identity', holds: predicate, watch, end: this.lifetime, failure }, options);
  }

  async close(): Promise<void> {
    this.#lifetime.abort();
    // Before anything is waited for: a file that hangs must not keep the identity in use.
    this.state.end();
    this.board.end(new WorkloadApiError('closed', 'the identity is closed'));
    await this.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Ends what {@link lifetime} does not end, and waits for all of it. Never rejects. */
  protected abstract stop(): Promise<void>;
}
