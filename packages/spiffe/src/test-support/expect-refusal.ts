import { expect } from 'vitest';
import { RULE_OF_CODE, type SpiffeErrorCode } from '../error-codes.js';
import { SpiffeError } from '../spiffe-error.js';

/** Asserts that `attempt` is refused for this one reason, under this row of the rule set. */
export function expectRefusal(attempt: () => unknown, code: SpiffeErrorCode, rule: string): SpiffeError {
  let thrown: unknown;
  try {
    attempt();
  } catch (error) {
    thrown = error;
  }
  expect(thrown, `expected ${code}`).toBeInstanceOf(SpiffeError);
  const error = thrown as SpiffeError;
  expect({ code: error.code, rule: error.rule }).toEqual({ code, rule });
  expect(RULE_OF_CODE[code]).toBe(rule);
  return error;
}
