// For users
export type { AuditLog } from './audit-log.js';
export { openAuditLog } from './audit-log.js';
export type { AcceptMode } from './authenticator.js';
export type { Caller, CallerPeer } from './caller.js';
export type { ActionClass, Catalogue, MessageRule, MethodRule, Phase, ResourceRule } from './catalogue.js';
// For adapters
export type { Connection, ConnectionFacts } from './connection.js';
export type { DecisionEvent, DecisionSink } from './decision-event.js';
export type { Describe, DescribeLimits, ResourceProperties } from './describe.js';
export type { Admission, CallFacts } from './guard.js';
export type { Guard, GuardOptions } from './guard.js';
export { createGuard } from './guard.js';
export type { GuardErrorCode } from './guard-error.js';
export { GuardError } from './guard-error.js';
export type { GuardMetrics } from './guard-metrics.js';
export type { GuardedCall, Verdict } from './guarded-call.js';
export type { FailureCode, Refusal } from './refusal.js';
export type { Validity } from './renewal.js';
