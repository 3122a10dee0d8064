/** Why a connection was refused or ended. */
export type TlsErrorCode =
  | 'no_identity'
  | 'handshake_failed'
  | 'session_resumed'
  | 'protocol_mismatch'
  | 'server_unverified'
  | 'server_unexpected'
  | 'server_expired'
  | 'trust_withdrawn'
  | 'identity_withdrawn';

/** What this package throws, and what a connection is destroyed with. Holds no certificate text. */
export class TlsError extends Error {
  override readonly name = 'TlsError';
  readonly code: TlsErrorCode;

  constructor(code: TlsErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(`${message} [${code}]`, options);
    this.code = code;
  }
}
