/** Names of the gRPC statuses that the Directory answers with. */
export type DirectoryStatus = 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'NOT_FOUND' | 'UNIMPLEMENTED' | 'INTERNAL';

/** A call that the Directory ends with a status. The message goes to the client. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError';
  readonly code: DirectoryStatus;

  constructor(code: DirectoryStatus, message: string) {
    super(message);
    this.code = code;
  }
}

/** What to tell the client of any thrown thing: nothing about faults that are not a {@link DirectoryError}. */
export function asDirectoryError(thrown: unknown): DirectoryError {
  return thrown instanceof DirectoryError ? thrown : new DirectoryError('INTERNAL', 'internal error');
}

/**
 * A CID as it may stand in a status message, which travels in a header: cut to what a stored one may have, and never with
 * half a character at the cut, as grpc-js would throw on that, outside of any handler.
 */
export function quoteCid(cid: string): string {
  return cid.length > 128 ? `${cid.slice(0, 128).replace(/\p{Surrogate}/gu, '')}…` : cid;
}
