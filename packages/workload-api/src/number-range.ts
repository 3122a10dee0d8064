import { WorkloadApiError } from './workload-api-error.js';

/** A number of milliseconds, or the default. @throws WorkloadApiError `option_invalid` */
export function readTimeoutMs(name: string, value: number | undefined, fallback: number): number {
  return requireInRange(name, value ?? fallback);
}

/** setTimeout fires at once beyond this, and so would every wait. @throws WorkloadApiError `option_invalid` */
export function requireInRange(name: string, value: number, least = 0): number {
  if (Number.isFinite(value) && value >= least && value < 2 ** 31) return value;
  throw new WorkloadApiError('option_invalid', `${name} must be a number from ${least} to 2147483647`);
}
