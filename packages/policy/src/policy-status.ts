import type { PolicyError } from './policy-error.js';

/**
 * How a policy is doing. `waiting`: there was none yet. `ready`: bundle and grants are in force and were found up to date. `stale`: the
 * last check failed, and what was in force still is. `expired`: that has lasted for longer than `maxAgeMs`. `closed`: nothing is kept
 * up to date any more. There is no policy, and so every call is denied, while `waiting` and `expired`.
 */
export type PolicyStateName = 'waiting' | 'ready' | 'stale' | 'expired' | 'closed';

/** How a policy is doing, at one moment. Times are in ms since the epoch. */
export interface PolicyStatus {
  readonly state: PolicyStateName;
  /** The `revision` of the policy that came into force last. */
  readonly revision: string | undefined;
  /** What the manifest of its bundle calls itself; empty when it does not. */
  readonly bundleRevision: string | undefined;
  /** When it came into force. */
  readonly activatedAt: number | undefined;
  /** When bundle and grants were last found to be those in force. `maxAgeMs` counts from here. */
  readonly checkedAt: number | undefined;
  /** When anything was last looked at, whatever came of it. */
  readonly lastCheckedAt: number | undefined;
  /** Why the last check failed; `undefined` when it did not. */
  readonly lastError: PolicyError | undefined;
  /** The ETag that the bundle in force came with, if a server gave one. */
  readonly etag: string | undefined;
}
