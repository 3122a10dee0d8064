// For users
export { type AuditLog, openAuditLog } from './audit-log.js';
export type { AcceptMode } from './authenticator.js';
export type { Caller, CallerPeer } from './caller.js';
export type { ActionClass, Catalogue, MessageRule, MethodRule, Phase, ResourceRule } from './catalogue.js';
// For adapters
export type { Connection, ConnectionFacts } from './connection.js';
export type { DecisionEvent, DecisionSink } from './decision-event.js';
export type { Describe, DescribeLimits, ResourceProperties } from './describe.js';
export type { Admission, CallFacts } from './guard.js';
export { createGuard, type Guard, type GuardOptions } from './guard.js';
export { GuardError, type GuardErrorCode } from './guard-error.js';
export type { GuardedCall, Verdict } from './guarded-call.js';
export type { FailureCode, Refusal } from './refusal.js';
