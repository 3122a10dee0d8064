// For users
export type { DecisionLogRotation } from './decision-log/append-target.js';
export type { AcceptMode } from './authentication/authenticator.js';
export type { Caller, CallerPeer } from './caller.js';
export type { ActionClass, Catalogue, MessageRule, MethodRule, Phase, ResourceRule } from './catalogue/catalogue.js';
export type { DescriptorSource } from './catalogue/catalogue-descriptors.js';
export type { CatalogueOptions, MethodDeclaration } from './catalogue/create-catalogue.js';
export { createCatalogue } from './catalogue/create-catalogue.js';
export { combineDecisionSinks } from './decision-log/decision-event.js';
export type { DecisionFormat, DecisionFormatter } from './decision-log/decision-line.js';
export { createDecisionFormatter } from './decision-log/decision-line.js';
export type { DecisionLog, DecisionLogOptions } from './decision-log/decision-log.js';
export { openDecisionLog } from './decision-log/decision-log.js';
export type { MaskRule } from './decision-log/decision-mask.js';
export type { DecisionUpload } from './decision-log/decision-upload.js';
export type { DecisionUploadOptions } from './decision-log/decision-upload-options.js';
export { openDecisionUpload } from './decision-log/decision-upload.js';
export type { DecisionInput } from './gen/decision-input.js';
// For adapters
export type { Connection, ConnectionFacts } from './authentication/connection.js';
export type { DecisionEvent, DecisionSink, ShadowAnswer } from './decision-log/decision-event.js';
export type { Describe, DescribeLimits, ResourceProperties } from './decision/describe.js';
export type { Admission, CallFacts } from './guard.js';
export type { Guard } from './guard.js';
export { createGuard } from './guard.js';
export type { GuardErrorCode } from './guard-error.js';
export { GuardError } from './guard-error.js';
export type { GuardMetrics } from './guard-metrics.js';
export type { GuardOptions } from './guard-options.js';
export type { GuardedCall, Verdict } from './guarded-call.js';
export type { MessageGenerator } from './catalogue/message-generator.js';
export type { MessageReader } from './catalogue/message-reader.js';
export { createMessageReader } from './catalogue/message-reader.js';
export type { FailureCode, Refusal } from './refusal.js';
export type {
  ReplayDifference,
  ReplayOptions,
  ReplayPlace,
  ReplayReport,
  UnjudgedLine,
} from './decision-log/replay-decisions.js';
export { replayDecisions } from './decision-log/replay-decisions.js';
export type { RecordedAnswer } from './decision-log/recorded-decision.js';
export type { ShadowMetrics } from './decision/shadow-metrics.js';
export type { ShadowOptions } from './decision/shadow-policy.js';
export type { Resource } from './catalogue/resources.js';
export type { Validity } from './authentication/renewal.js';
