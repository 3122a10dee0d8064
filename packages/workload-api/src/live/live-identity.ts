import type { X509Source } from '@dirgate/spiffe';
import type { IdentityStatus } from './identity-status.js';

/** How long `waitFor` waits. */
export interface WaitForOptions {
  readonly signal?: AbortSignal;
  /** Default: for ever. */
  readonly timeoutMs?: number;
}

/**
 * An identity that is kept up to date. `x509Svid()` is `undefined` from the millisecond after its `validUntil` on, and whatever the
 * clock says later, that SVID never comes back.
 */
export interface LiveIdentity extends X509Source, AsyncDisposable {
  /** How it is doing, now. */
  status(): IdentityStatus;
  /**
   * Calls `listener` when the time of the SVID that we present is over, within half a second also where the clock jumped. Returns a
   * function that stops it. Change listeners are told too.
   */
  onExpired(listener: () => void): () => void;
  /**
   * Resolves once `predicate` is true; it is asked now and after each change of the identity or of its state.
   *
   * @throws WorkloadApiError `timeout`, `aborted`, `closed`, `option_invalid`; and what `predicate` throws
   */
  waitFor(predicate: () => boolean, options?: WaitForOptions): Promise<void>;
  /** Ends all that keeps it up to date; identity and bundles are gone for all readers. Never rejects. */
  close(): Promise<void>;
}
