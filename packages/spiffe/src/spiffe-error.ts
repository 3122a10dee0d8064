import { RULE_OF_CODE, type SpiffeErrorCode } from './error-codes.js';

/**
 * What every function of this package throws when it refuses its input. (A programmer's mistake in the options, such as a role or a
 * mode that does not exist, is a `TypeError` or `RangeError`.)
 * The message names what failed; it never holds token, claim, certificate or key text.
 */
export class SpiffeError extends Error {
  override readonly name = 'SpiffeError';
  /** Stable, machine-readable cause. */
  readonly code: SpiffeErrorCode;
  /** Row of the rule set that was broken, for example `X-4`. */
  readonly rule: string;

  constructor(code: SpiffeErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.rule = RULE_OF_CODE[code];
  }
}
