/** When something is valid, in milliseconds since the epoch; both instants are inside. */
export interface Validity {
  readonly validFrom: number;
  readonly validUntil: number;
}

/** How long before the end a peer should dial anew: a tenth of the lifetime, at most a minute (DESIGN §4.5). */
const LEAD_SHARE = 0.1;
const MAX_LEAD_MS = 60_000;
/** A connection that was opened on something invalid has nothing to lose; this keeps it from dialling in a circle. */
const HOPELESS_MS = 1000;

/**
 * When the peer of a connection should be asked to dial anew, so that it never meets the end of `validity` with a call.
 * `spread`, from 0 to 1, puts it up to one lead earlier, so that the peers of one certificate do not all come at once.
 * A connection that was opened later than that has half of what remained: a peer that has nothing newer to present
 * would otherwise be asked again as soon as it is back.
 */
export function renewalInstant({ validFrom, validUntil }: Validity, openedAt: number, spread: number): number {
  if (!(openedAt < validUntil)) {
    return openedAt + HOPELESS_MS;
  }
  const leadMs = Math.min(LEAD_SHARE * (validUntil - validFrom), MAX_LEAD_MS) * (1 + spread);
  return Math.max(validUntil - leadMs, openedAt + (validUntil - openedAt) / 2);
}
