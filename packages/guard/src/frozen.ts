/**
 * A value with all that it holds, frozen. What a policy is asked is shared between decisions, and sinks are shown it: one
 * that takes something out of it, so as not to log it, must not take it out of the next decision.
 */
export function frozen<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null && !Object.isFrozen(member)) {
      frozen(member);
    }
  }
  return Object.freeze(value);
}
