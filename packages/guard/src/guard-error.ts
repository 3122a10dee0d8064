/** Why a guard could not be built or used. */
export type GuardErrorCode = 'config_invalid' | 'log_unreadable' | 'message_unreadable' | 'closed';

/**
 * What this package throws at the one who sets a guard up. A caller never meets it: what concerns a call is a
 * {@link Refusal}.
 */
export class GuardError extends Error {
  override readonly name = 'GuardError';
  readonly code: GuardErrorCode;

  constructor(code: GuardErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
