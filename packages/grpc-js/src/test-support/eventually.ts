import { vi } from 'vitest';

/** Resolves once `check` does not throw. Patient, as a busy machine is slow, and that is no failure. */
export function eventually<T>(check: () => T): Promise<T> {
  return vi.waitFor(check, { timeout: 10_000, interval: 5 });
}
