/** Why a connection was refused. */
export type TlsErrorCode =
  | 'no_identity'
  | 'handshake_failed'
  | 'session_resumed'
  | 'protocol_mismatch'
  | 'server_unverified'
  | 'server_unexpected';

/** What this package throws. Holds no certificate text. */
export class TlsError extends Error {
  override readonly name = 'TlsError';
  readonly code: TlsErrorCode;

  constructor(code: TlsErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(`${message} [${code}]`, options);
    this.code = code;
  }
}
