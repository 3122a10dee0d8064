import { PolicyError } from '../policy-error.js';

/** The {@link PolicyError} that an action ends with; anything else, success included, fails the test. */
export async function errorOf(action: () => unknown): Promise<PolicyError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof PolicyError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
