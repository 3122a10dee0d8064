// For users
export type { DecisionLogRotation } from './append-target.js';
export type { AcceptMode } from './authenticator.js';
export type { Caller, CallerPeer } from './caller.js';
export type { ActionClass, Catalogue, MessageRule, MethodRule, Phase, ResourceRule } from './catalogue.js';
export { combineDecisionSinks } from './decision-event.js';
export type { DecisionFormat, DecisionFormatter } from './decision-line.js';
export { createDecisionFormatter } from './decision-line.js';
export type { DecisionLog, DecisionLogOptions } from './decision-log.js';
export { openDecisionLog } from './decision-log.js';
export type { MaskRule } from './decision-mask.js';
export type { DecisionInput } from './gen/decision-input.js';
// For adapters
export type { Connection, ConnectionFacts } from './connection.js';
export type { DecisionEvent, DecisionSink, ShadowAnswer } from './decision-event.js';
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
