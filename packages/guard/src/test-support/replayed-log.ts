import type { Policy } from '@dirgate/policy';
import type { DecisionEvent } from '../decision-log/decision-event.js';
import { createDecisionFormatter, type DecisionFormat } from '../decision-log/decision-line.js';
import { decisionInput, deniedEvent } from './decision-events.js';

/** A candidate that allows by the subject's id, and says that it reads that alone. */
export function candidate(allowed: readonly string[], changes: Partial<Policy> = {}): Policy {
  return {
    revision: 'candidate',
    phases: ['call', 'request'],
    inputs: [['subject', 'id']],
    reads: (...path) => path.length === 0 || (path[0] === 'subject' && (path.length === 1 || path[1] === 'id')),
    decide: (input) => {
      const allow = allowed.includes((input as typeof decisionInput).subject.id);
      return { allow, reasons: [allow ? 'role_reader' : 'role_missing'], revision: 'candidate' };
    },
    ...changes,
  };
}
/** Whom a log names. */
export const ALICE = decisionInput.subject.id;
/** What {@link deniedEvent} refuses, allowed. */
export const allowedEvent: DecisionEvent = { ...deniedEvent, id: 'x-3', allow: true, code: 'allowed', reasons: ['role_reader'] };
/** The events as a log holds them. */
export const linesOf = (events: readonly DecisionEvent[], format?: DecisionFormat): string[] =>
  events.map(createDecisionFormatter(format));
