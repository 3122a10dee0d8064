// For users. The entry `@dirgate/testing/policy`.

export type { DecisionExpectation, ExpectedDecision, ExpectedReasons } from './policy-expectation.js';
export { expectDecision } from './policy-expectation.js';
export type { DecisionQuestion, QuestionCatalogue, QuestionMethod } from './policy-question.js';
export { decisionInput } from './policy-question.js';
export type { DecisionRow } from './policy-table.js';
export { expectDecisions } from './policy-table.js';
