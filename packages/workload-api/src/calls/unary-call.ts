import type { CallOptions, ClientUnaryCall, Metadata, requestCallback } from '@grpc/grpc-js';
import { WorkloadApiError } from '../workload-api-error.js';
import { securityHeader, type WorkloadApiClient } from './workload-api-channel.js';

/** How {@link callUnary} calls. */
export interface UnaryCallOptions {
  /** A client with a connection of its own; it is closed after the call. */
  readonly openClient: () => WorkloadApiClient;
  /** Ms since the epoch. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

/** Starts the call of one method. */
export type StartUnaryCall<Response> = (
  client: WorkloadApiClient,
  metadata: Metadata,
  options: CallOptions,
  callback: requestCallback<Response>,
) => ClientUnaryCall;

/** Makes one call on a connection of its own. Rejects with what grpc-js reports, also when `signal` is aborted. */
export function callUnary<Response>(
  start: StartUnaryCall<Response>,
  { openClient, deadline, signal }: UnaryCallOptions,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const client = openClient();
    const call = start(client, securityHeader(), { deadline }, (error, response) => {
      signal?.removeEventListener('abort', cancel);
      client.close();
      if (error) reject(error);
      else if (response) resolve(response);
      else reject(new WorkloadApiError('response_invalid', 'an answer without a message'));
    });
    const cancel = (): void => call.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted) cancel();
  });
}
