import { timerProblem } from '@dirgate/live';
import { WorkloadApiError } from './workload-api-error.js';

/** A number of milliseconds, or the default. @throws WorkloadApiError `option_invalid` */
export function readTimeoutMs(name: string, value: number | undefined, fallback: number): number {
  return requireInRange(name, value ?? fallback);
}

/** That number. @throws WorkloadApiError `option_invalid` */
export function requireInRange(name: string, value: number, least = 0): number {
  const problem = timerProblem(name, value, least);
  if (problem === undefined) return value;
  throw new WorkloadApiError('option_invalid', problem);
}
