import { status } from '@grpc/grpc-js';

/** How a call to the endpoint ended, or why its message was discarded. */
export interface CallFailure {
  readonly code: status;
  readonly details: string;
  readonly cause?: unknown;
}

/** Reads a grpc-js error; anything else is a message that we could not use. */
export function callFailureOf(error: unknown): CallFailure {
  if (error instanceof Error && 'code' in error && 'details' in error) {
    const { code, details } = error;
    if (typeof code === 'number' && typeof details === 'string') return { code, details, cause: error };
  }
  return { code: status.DATA_LOSS, details: error instanceof Error ? error.message : String(error), cause: error };
}

/** One line for logs and error messages. */
export function describeFailure(name: string, { code, details }: CallFailure): string {
  switch (code) {
    case status.OK:
    case status.DATA_LOSS:
      return `${name}: ${details}`;
    default:
      return `${name}: ${status[code] ?? `status ${code}`}: ${withoutNoise(details)}`;
  }
}

/** grpc-js wraps the one line that matters. */
function withoutNoise(details: string): string {
  return details.replace(/^No connection established\. Last error: (Error: )?/, '').replace(/\.? Resolution note:\s*$/, '');
}
