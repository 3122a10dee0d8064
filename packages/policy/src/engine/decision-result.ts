import type { DecisionOutput } from '../gen/decision-output.js';
import { isJsonObject } from '../json-object.js';
import { PolicyError } from '../policy-error.js';

/** Reasons are codes: they are remembered with the decision and stand in the log, so what a caller sent must not grow them. */
const maxReasons = 100;
const maxReasonLength = 256;

/**
 * The one decision in a result set, or an error: exactly one result, with exactly `allow` (a boolean) and `reasons`
 * (strings). Frozen.
 *
 * @throws {PolicyError} `odd_result`
 */
export function parseResult(results: unknown): DecisionOutput {
  if (!Array.isArray(results)) throw odd('no result set');
  if (results.length !== 1) throw odd(results.length === 0 ? 'it is undefined for this input' : 'more than one result');
  const [first] = results as readonly unknown[];
  const output = isJsonObject(first) ? first['result'] : undefined;
  if (!isJsonObject(output)) throw odd('not an object');
  const { allow, reasons, ...unknown } = output;
  if (Object.keys(unknown).length > 0) throw odd('a member other than allow and reasons');
  if (typeof allow !== 'boolean') throw odd('allow is not a boolean');
  if (!Array.isArray(reasons) || !reasons.every((reason) => typeof reason === 'string')) throw odd('reasons are not strings');
  if (reasons.length > maxReasons || reasons.some((reason) => reason.length > maxReasonLength)) {
    throw odd(`more than ${maxReasons} reasons, or one of more than ${maxReasonLength} characters`);
  }
  return { allow, reasons: Object.freeze(reasons) };
}

function odd(reason: string): PolicyError {
  return new PolicyError('odd_result', `the policy's answer is no decision: ${reason}`);
}
