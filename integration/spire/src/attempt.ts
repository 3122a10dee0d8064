import { type ServiceError, status } from '@grpc/grpc-js';

/** One call, made once and never retried. */
export interface Attempt<Answer = unknown> {
  /** Name of the gRPC status. */
  readonly status: keyof typeof status;
  readonly details: string;
  readonly answers: readonly Answer[];
}

/** The end of a call that went through. */
export function succeeded<Answer>(answers: readonly Answer[]): Attempt<Answer> {
  return { status: 'OK', details: '', answers };
}

/** The end of a call that did not. What came before is kept. */
export function failed<Answer>(error: Pick<ServiceError, 'code' | 'details'>, answers: readonly Answer[] = []): Attempt<Answer> {
  return { status: status[error.code] as keyof typeof status, details: error.details, answers };
}
