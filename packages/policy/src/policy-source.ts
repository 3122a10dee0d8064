import type { Policy } from './policy.js';

/** Where the policy in force comes from. */
export interface PolicySource {
  /** The policy in force, the same object until it changes; `undefined` when there is none, which denies everything. */
  current(): Policy | undefined;
  /** Calls `listener` after each change is visible to `current()`. Returns a function that stops it. */
  onChange(listener: () => void): () => void;
}

/** A {@link PolicySource} that {@link loadPolicy} made: it holds a policy from the start and for good. */
export interface LivePolicy extends PolicySource {
  /** The policy in force, the same object until it changes. */
  current(): Policy;
}
