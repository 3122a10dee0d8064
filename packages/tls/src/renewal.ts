/** When a certificate is valid, in milliseconds since the epoch; both instants are inside. */
export interface Validity {
  readonly validFrom: number;
  readonly validUntil: number;
}

/**
 * How long before the end of a certificate, the server's or its own, a client dials anew: a quarter of its lifetime, at
 * most two and a half minutes. That is more than our servers take for the same end, so that a client of ours is gone by
 * the time its server would ask it to go, and back so late that it does not ask: what crosses a GOAWAY of the server has
 * to be sent again, what crosses one of the client has not.
 */
const LEAD_SHARE = 0.25;
const MAX_LEAD_MS = 150_000;

/**
 * When a client should dial anew, so that no call of it meets the end of a certificate. `spread`, from 0 to 1,
 * puts it up to half a lead earlier, as a server's clients should not all come at once. A connection that was opened
 * later than that has a quarter of what remained, as nobody may have anything newer to present: less than our servers give it.
 */
export function renewalInstant({ validFrom, validUntil }: Validity, openedAt: number, spread: number): number {
  const leadMs = Math.min(LEAD_SHARE * (validUntil - validFrom), MAX_LEAD_MS) * (1 + spread / 2);
  return Math.max(validUntil - leadMs, openedAt + (validUntil - openedAt) / 4);
}
