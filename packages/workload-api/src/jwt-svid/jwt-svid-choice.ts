import type { SpiffeId, X509Svid } from '@dirgate/spiffe';
import type { SvidSelection } from '../svid-selection.js';
import type { HintedJwtSvidRequest } from '../workload-api.js';
import { WorkloadApiError } from '../workload-api-error.js';
import type { HintWish } from './fetch-jwt-svid.js';

/** Which of our identities a token shall name. Neither: the endpoint's first. */
export interface JwtSvidChoice {
  readonly subject: SpiffeId | undefined;
  readonly wish: HintWish | undefined;
}

/** What {@link chooseJwtSvid} knows of the client. */
export interface JwtSvidDefaults {
  readonly select: SvidSelection['select'] | undefined;
  readonly ifNoneFits: 'none' | 'first';
}

/**
 * The identity that a request names, else the one that `select` chose: a token never names another identity than our X509-SVID does
 * without having been asked to (W-18, W-19).
 *
 * @throws WorkloadApiError `svid_not_selected`
 */
export function chooseJwtSvid(
  { subject, hint }: HintedJwtSvidRequest,
  { select, ifNoneFits }: JwtSvidDefaults,
  chosen: X509Svid | undefined,
): JwtSvidChoice {
  if (subject !== undefined) return { subject, wish: undefined };
  if (hint !== undefined) return { subject: undefined, wish: { hint, orFirst: false } };
  if (select === undefined) return { subject: undefined, wish: undefined };
  if (chosen !== undefined) return { subject: chosen.id, wish: undefined };
  if (typeof select === 'string') return { subject: undefined, wish: { hint: select, orFirst: ifNoneFits === 'first' } };
  throw new WorkloadApiError(
    'svid_not_selected',
    'none of our X509-SVIDs is the selected one, so there is no subject for a token',
  );
}
