// For users.

export type { BundleAlgorithm, BundleKey } from './bundle-keys.js';
export type { BundleVerification } from './bundle-verification.js';
export type { DecisionOutput } from './gen/decision-output.js';
export type { Grant, GrantList, Grants, Role } from './gen/grants.js';
export type { LoadPolicyOptions } from './load-policy.js';
export { loadPolicy } from './load-policy.js';
// For other packages.
export type { Decision, Policy, PolicyPhase } from './policy.js';
export type { PolicyErrorCode } from './policy-error.js';
export { PolicyError } from './policy-error.js';
export type { LivePolicy, PolicySource } from './policy-source.js';
