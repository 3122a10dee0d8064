// For users.

export type { BundleAlgorithm, BundleKey } from './bundle/bundle-keys.js';
export type { BundleHeaders, BundleServer } from './live/bundle-server.js';
export type { BundleVerification } from './bundle/bundle-verification.js';
export type { WatchOptions } from './live/file-part.js';
export type { DecisionOutput } from './gen/decision-output.js';
export type { Grant, GrantList, Grants, Role } from './gen/grants.js';
export type { LoadPolicyOptions } from './load-options.js';
export type { LoadFilesOptions } from './load-policy.js';
export { loadPolicy } from './load-policy.js';
// For other packages.
export type { Decision, Policy, PolicyPhase } from './policy.js';
export type { PolicyErrorCode } from './policy-error.js';
export { PolicyError } from './policy-error.js';
export type { PolicyLogger } from './policy-logger.js';
export type { LivePolicy, PolicySource, WaitForOptions } from './policy-source.js';
export type { PolicyStateName, PolicyStatus } from './policy-status.js';
