import { thrownText } from '@dirgate/live';
import { status } from '@grpc/grpc-js';
import { WorkloadApiError, type WorkloadApiErrorCode } from '../workload-api-error.js';

/** Controls, invisible marks that turn text around, line breaks. */
const NOT_FOR_A_LINE = /[\p{C}\u2028\u2029]+/gu;
const MAX_DETAILS = 256;

/** How a call to the endpoint ended, or why its message was discarded. */
export interface CallFailure {
  readonly code: status;
  readonly details: string;
  readonly cause?: unknown;
  /** Whether it was not the endpoint that ended something, but we who could not use what it sent. */
  readonly discarded?: boolean;
}

/** Reads a grpc-js error; anything else is a message that we could not use. */
export function callFailureOf(error: unknown): CallFailure {
  if (error instanceof Error && 'code' in error && 'details' in error) {
    const { code, details } = error;
    if (typeof code === 'number' && typeof details === 'string') return { code, details, cause: error };
  }
  const details = thrownText(error);
  return { code: status.DATA_LOSS, details, cause: error, discarded: true };
}

/** One line for logs and error messages. */
export function describeFailure(name: string, { code, details, discarded }: CallFailure): string {
  if (code === status.OK || discarded) return `${name}: ${details}`;
  return `${name}: ${status[code] ?? `status ${code}`}: ${withoutNoise(details)}`;
}

/** The same as an error of ours. */
export function errorOf(name: string, failure: CallFailure): WorkloadApiError {
  if (failure.cause instanceof WorkloadApiError) return failure.cause;
  return new WorkloadApiError(codeOf(failure), describeFailure(name, failure), { cause: failure.cause });
}

function codeOf({ code, discarded }: CallFailure): WorkloadApiErrorCode {
  if (discarded) return 'response_invalid';
  switch (code) {
    case status.INVALID_ARGUMENT:
      return 'request_refused';
    case status.UNIMPLEMENTED:
      return 'not_supported';
    case status.PERMISSION_DENIED:
      return 'permission_denied';
    case status.DEADLINE_EXCEEDED:
      return 'timeout';
    default:
      return 'unavailable';
  }
}

/** grpc-js wraps the one line that matters. What an endpoint says is one line too, and not a long one, whatever it holds (TG-8). */
function withoutNoise(details: string): string {
  const line = details.replace(/^No connection established\. Last error: (Error: )?/, '').replace(/\.? Resolution note:\s*$/, '');
  const shown = line.replace(NOT_FOR_A_LINE, ' ');
  return shown.length > MAX_DETAILS ? `${shown.slice(0, MAX_DETAILS)}…` : shown;
}
