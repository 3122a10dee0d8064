import type { IdentitySource, JwtSvid, JwtSvidRequest, X509Svid } from '@dirgate/spiffe';
import type { LiveIdentity } from './live/live-identity.js';

/** What to ask of {@link WorkloadApi.fetchJwtSvid}. */
export interface HintedJwtSvidRequest extends JwtSvidRequest {
  /** Which of our identities the token shall name, by its hint; `subject` wins over it. None with that hint: rejected (W-19). */
  readonly hint?: string;
}

/** A workload's own identity and the bundles that it trusts, live. After {@link WorkloadApi.close} all of it is gone. */
export interface WorkloadApi extends LiveIdentity, IdentitySource {
  /** The endpoint's address, as it was given. */
  readonly address: string;
  /** All our X509-SVIDs that are valid now, the default one first; empty when there is none. */
  x509Svids(): readonly X509Svid[];
  /**
   * A token of ours, from memory where there is one: kept per subject, set of audiences and hint, renewed at half of its life, served
   * until it expires while the endpoint is away, and dropped when its trust domain's JWT bundle changes. Without `subject` and
   * `hint` it names the identity that `select` chose, else the endpoint's first. Callers share one request to the endpoint,
   * which an abort of one of them does not end.
   *
   * @throws WorkloadApiError `jwt_svid_unavailable`, `response_invalid`, `svid_not_selected`, `option_invalid`, `aborted`, `closed`
   */
  fetchJwtSvid(request: HintedJwtSvidRequest): Promise<JwtSvid>;
}
