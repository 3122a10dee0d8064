import { createHash } from 'node:crypto';
import type { X509Svid } from '@dirgate/spiffe';

/** The longest that a clock's jump stays unseen: timers do not notice one (node-facts N-52). */
const LOOK_MS = 500;
const MAX_REMEMBERED = 1000;

/**
 * Watches over the validity of the SVID that we present. What was once seen expired stays so, whatever the clock says later (TX-7),
 * also when the very same SVID is delivered anew.
 *
 * An SVID is its leaf here. Where an intermediate ended first, the same leaf below a renewed one stays refused: nobody issues that,
 * since an issuer does not let a leaf outlive itself (SPIRE's `computeX509SVIDLifetime`, and its CAs in turn) and a new intermediate
 * comes with leaves of its own. Told apart by chain, an expired leaf with any other certificate behind it would be a new SVID.
 */
export class ExpiryWatch {
  readonly #clock: () => number;
  readonly #onExpired: () => void;
  /** Leaves that were seen expired, in that order. */
  readonly #expired = new Set<string>();
  #watched: X509Svid | undefined;
  #holds = false;
  #timer: NodeJS.Timeout | undefined;

  /** `onExpired` is called once for each watched SVID that expires, never from within a reader. */
  constructor(clock: () => number, onExpired: () => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  /** From now on watches this one, and forgets the one before. */
  watch(svid: X509Svid | undefined): void {
    if (svid === this.#watched) return;
    clearTimeout(this.#timer);
    this.#watched = svid;
    this.#holds = svid !== undefined && !this.#expired.has(fingerprint(svid));
    if (svid !== undefined) this.#look();
  }

  /** Whether the watched SVID is valid: its last instant is `validUntil` itself. */
  get holds(): boolean {
    if (this.#holds && this.#watched !== undefined && !(this.#clock() <= this.#watched.validUntil)) this.#expire(this.#watched);
    return this.#holds;
  }

  /** Whether there is a watched SVID and it expired. */
  get isExpired(): boolean {
    return this.#watched !== undefined && !this.holds;
  }

  /** The same for any SVID. */
  isValid(svid: X509Svid): boolean {
    if (svid === this.#watched) return this.holds;
    if (this.#expired.has(fingerprint(svid))) return false;
    if (this.#clock() <= svid.validUntil) return true;
    this.#remember(svid);
    return false;
  }

  #look(): void {
    const svid = this.#watched;
    if (svid === undefined || !this.holds) return;
    const leftMs = svid.validUntil - this.#clock() + 1;
    this.#timer = setTimeout(() => this.#look(), Math.min(leftMs, LOOK_MS)).unref();
  }

  #expire(svid: X509Svid): void {
    this.#holds = false;
    clearTimeout(this.#timer);
    this.#remember(svid);
    queueMicrotask(this.#onExpired);
  }

  #remember(svid: X509Svid): void {
    this.#expired.add(fingerprint(svid));
    for (const oldest of this.#expired) {
      if (this.#expired.size <= MAX_REMEMBERED) break;
      this.#expired.delete(oldest);
    }
  }
}

function fingerprint({ chain: [leaf] }: X509Svid): string {
  return createHash('sha256')
    .update(leaf ?? '')
    .digest('base64');
}
