/** Stable name of one cause why the Workload API could not be used. */
export type WorkloadApiErrorCode =
  /** Neither the option nor the environment names an endpoint (W-3). */
  | 'address_missing'
  /** The endpoint's address is not of a form that Workload Endpoint §4 allows (W-4, W-5). */
  | 'address_invalid'
  /** The address names something that exists and is no socket. */
  | 'address_not_a_socket'
  /** An option's value makes no sense. */
  | 'option_invalid'
  /** Nothing usable came within `firstUpdateTimeoutMs`. */
  | 'first_update_timeout'
  /** The endpoint answered INVALID_ARGUMENT, which is never retried (W-7). */
  | 'request_refused'
  /** The endpoint answered UNIMPLEMENTED, which is never retried (W-9). */
  | 'not_supported'
  /** The endpoint answered PERMISSION_DENIED: it has no identity for this workload. */
  | 'permission_denied'
  /** The endpoint could not be reached, or ended the call with another status. */
  | 'unavailable'
  /** There was no answer in time, or what was waited for did not come true. */
  | 'timeout'
  /** A message or token of the endpoint was not acceptable; it was discarded. */
  | 'response_invalid'
  /** No JWT-SVID could be had. */
  | 'jwt_svid_unavailable'
  /** `ValidateJWTSVID`: the token is not valid for this audience. */
  | 'jwt_svid_invalid'
  /** None of our identities is the one that `select` or a hint names (W-19). */
  | 'svid_not_selected'
  /** A file of an identity cannot be read. */
  | 'file_unreadable'
  /** A file of an identity does not hold what it should, or the files do not fit each other. */
  | 'file_invalid'
  /** Others than its owner may read or write the file of a private key. */
  | 'key_file_exposed'
  /** The `signal` was aborted. */
  | 'aborted'
  /** The client was closed. */
  | 'closed';

/** What this package throws and rejects with. Messages hold addresses, status codes and IDs, never key or token text. */
export class WorkloadApiError extends Error {
  override readonly name = 'WorkloadApiError';
  /** Stable, machine-readable cause. */
  readonly code: WorkloadApiErrorCode;

  constructor(code: WorkloadApiErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
