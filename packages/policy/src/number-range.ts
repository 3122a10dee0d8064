import { timerProblem } from '@dirgate/live';
import { PolicyError } from './policy-error.js';

/** That number. @throws {PolicyError} `option_invalid` */
export function requireInRange(name: string, value: number, least = 0): number {
  const problem = timerProblem(name, value, least);
  if (problem === undefined) return value;
  throw new PolicyError('option_invalid', problem);
}
