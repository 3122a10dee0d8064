import { PolicyError } from './policy-error.js';

/** setTimeout fires at once beyond this, and so would every wait. @throws {PolicyError} `option_invalid` */
export function requireInRange(name: string, value: number, least = 0): number {
  if (Number.isFinite(value) && value >= least && value < 2 ** 31) return value;
  throw new PolicyError('option_invalid', `${name} must be a number from ${least} to 2147483647`);
}
