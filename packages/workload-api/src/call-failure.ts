import { status } from '@grpc/grpc-js';
import { WorkloadApiError, type WorkloadApiErrorCode } from './workload-api-error.js';

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

/** The same as an error of ours. */
export function errorOf(name: string, failure: CallFailure): WorkloadApiError {
  if (failure.cause instanceof WorkloadApiError) return failure.cause;
  return new WorkloadApiError(codeOf(failure), describeFailure(name, failure), { cause: failure.cause });
}

function codeOf({ code }: CallFailure): WorkloadApiErrorCode {
  switch (code) {
    case status.INVALID_ARGUMENT:
      return 'request_refused';
    case status.UNIMPLEMENTED:
      return 'not_supported';
    case status.PERMISSION_DENIED:
      return 'permission_denied';
    case status.DEADLINE_EXCEEDED:
      return 'timeout';
    case status.DATA_LOSS:
      return 'response_invalid';
    default:
      return 'unavailable';
  }
}

/** grpc-js wraps the one line that matters. */
function withoutNoise(details: string): string {
  return details.replace(/^No connection established\. Last error: (Error: )?/, '').replace(/\.? Resolution note:\s*$/, '');
}
