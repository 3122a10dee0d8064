import type { Policy } from './policy.js';
import type { PolicyStatus } from './policy-status.js';

/** How long to wait. */
export interface WaitForOptions {
  readonly signal?: AbortSignal;
  /** Default: for ever. */
  readonly timeoutMs?: number;
}

/** Where the policy in force comes from. */
export interface PolicySource {
  /** The policy in force, the same object until it changes; `undefined` when there is none, which denies everything. */
  current(): Policy | undefined;
  /** Calls `listener` after each change is visible to `current()`. Returns a function that stops it. */
  onChange(listener: () => void): () => void;
}

/**
 * A {@link PolicySource} that {@link loadPolicy} made. It always has a policy (`Held` is {@link Policy}) unless it may start without one or
 * its policy may grow too old.
 */
export interface LivePolicy<Held extends Policy | undefined = Policy> extends PolicySource {
  /** The policy in force, the same object until it changes. After `close()` it is the last one. */
  current(): Held;
  /** How it is doing. */
  status(): PolicyStatus;
  /** Looks at bundle and grants now, and resolves when what is new is in force or was refused: `status()` says. Never rejects. */
  refresh(): Promise<PolicyStatus>;
  /**
   * Resolves once `predicate()` is true: now, or after a check or a change.
   *
   * @throws {PolicyError} `timeout`, `aborted`, `closed`, `option_invalid`; and what `predicate` throws
   */
  waitFor(predicate: () => boolean, options?: WaitForOptions): Promise<void>;
  /** Stops watching and polling. What is in force stays so, at most for `maxAgeMs`. Never rejects. */
  close(): Promise<void>;
  /** `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}
