/** Stable name of one cause of a {@link PolicyError}. */
export type PolicyErrorCode =
  // loading: the server, the files
  | 'bundle_unreachable'
  | 'bundle_bad_response'
  | 'file_unsettled'
  | 'load_failed'
  // loading: the bundle
  | 'bundle_unreadable'
  | 'bundle_too_large'
  | 'bundle_not_gzip'
  | 'bundle_truncated'
  | 'bundle_bad_archive'
  | 'bundle_unsafe_entry'
  | 'bundle_duplicate_entry'
  | 'bundle_missing_file'
  | 'bundle_bad_json'
  | 'bundle_bad_wasm'
  | 'bundle_missing_entrypoint'
  | 'bundle_unknown_builtin'
  | 'bundle_bad_manifest'
  | 'bundle_bad_record'
  | 'bundle_digest_mismatch'
  | 'bundle_phase_unread'
  | 'bundle_probe_failed'
  // loading: who signed the bundle
  | 'bundle_unverified'
  | 'bundle_unsigned'
  | 'bundle_bad_signature'
  | 'bundle_unlisted_file'
  | 'bundle_changed_file'
  | 'bundle_older'
  // loading: the grants
  | 'grants_unreadable'
  | 'grants_bad_yaml'
  | 'grants_invalid'
  // options, and waiting
  | 'option_invalid'
  | 'aborted'
  | 'closed'
  | 'timeout'
  // deciding
  | 'input_invalid'
  | 'input_too_large'
  | 'evaluation_failed'
  | 'odd_result';

/**
 * What this package throws, when it loads and when it decides.
 * A load error's message is one line that names the file, the reason and the remedy. No message holds input of a decision.
 */
export class PolicyError extends Error {
  /** Always `PolicyError`. */
  override readonly name = 'PolicyError';
  /** Stable, machine-readable cause. */
  readonly code: PolicyErrorCode;

  constructor(code: PolicyErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
