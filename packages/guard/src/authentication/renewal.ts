/** When something is valid, in milliseconds since the epoch; both instants are inside. */
export interface Validity {
  readonly validFrom: number;
  readonly validUntil: number;
}

/** How long before the end a peer should dial anew: a tenth of the lifetime, at most a minute (DESIGN §4.5). */
const LEAD_SHARE = 0.1;
const MAX_LEAD_MS = 60_000;
/** Issuers date certificates back for clocks that are late: so much of a lifetime may never have been lived. */
const BACKDATED_MS = 60_000;
/** A connection that was opened on something invalid has nothing to lose; this keeps it from dialling in a circle. */
const HOPELESS_MS = 1000;

/**
 * When the peer of a connection should be asked to dial anew, so that it never meets the end of `validity` with a call.
 * `spread`, from 0 to 1, puts it up to one lead earlier, so that the peers of one certificate do not all come at once.
 * A connection that was opened within three leads of the end has half of what remained, and one that was opened within a
 * lead has all of it: a peer that comes back so late with nothing newer has nothing to gain, and a call that crosses a
 * GOAWAY to lose.
 */
export function renewalInstant({ validFrom, validUntil }: Validity, openedAt: number, spread: number): number {
  const leftMs = validUntil - openedAt;
  if (!(leftMs > 0)) {
    return openedAt + HOPELESS_MS;
  }
  const lifetimeMs = validUntil - validFrom;
  const leadMs = Math.min(LEAD_SHARE * lifetimeMs, MAX_LEAD_MS);
  // A certificate of seconds that was dated back by a minute is fresh although it seems to be over soon.
  const livedMs = lifetimeMs > BACKDATED_MS ? lifetimeMs - BACKDATED_MS : lifetimeMs;
  if (leftMs <= Math.min(LEAD_SHARE * livedMs, leadMs)) {
    return validUntil + 1;
  }
  return leftMs <= 3 * leadMs ? openedAt + leftMs / 2 : validUntil - leadMs * (1 + spread);
}
