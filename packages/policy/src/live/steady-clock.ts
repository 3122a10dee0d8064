/**
 * A clock for ages: it goes forward with `wall`, also over a suspended machine, and never back with it, as a policy must not grow younger
 * when somebody sets the clock. Milliseconds since the epoch, or more than that once `wall` went back.
 */
export function steadyClock(wall: () => number = Date.now, monotonic: () => number = () => performance.now()): () => number {
  let last = wall();
  let at = monotonic();
  return () => {
    const now = monotonic();
    last = Math.max(wall(), last + now - at);
    at = now;
    return Math.floor(last);
  };
}
