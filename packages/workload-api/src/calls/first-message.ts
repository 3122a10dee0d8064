import { WorkloadApiError } from '../workload-api-error.js';
import { callFailureOf, errorOf } from './call-failure.js';
import type { CallSettings } from './call-options.js';
import { abortedCall } from './call-options.js';
import { openWorkloadApiStream, type WorkloadApiStream } from './workload-api-channel.js';

/**
 * Opens a stream for its first message, and ends it.
 *
 * @throws WorkloadApiError by the status that the stream ended with; `timeout`, `aborted`; and what `read` rejects with
 */
export async function readFirstMessage<Value>(
  name: WorkloadApiStream,
  { openClient, timeoutMs, signal }: CallSettings,
  read: (message: Uint8Array) => Promise<Value>,
): Promise<Value> {
  const client = openClient();
  const stream = openWorkloadApiStream(client, name);
  // An error that nobody listens to ends the process; the loop below may have stopped listening already.
  stream.on('error', () => {});
  let timedOut = false;
  const cancel = (): void => stream.cancel();
  const timer = setTimeout(() => {
    timedOut = true;
    cancel();
  }, timeoutMs);
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    for await (const message of stream) return await read(message);
    throw new WorkloadApiError('unavailable', `${name}: the endpoint ended the stream without a message`);
  } catch (error) {
    if (signal?.aborted) throw abortedCall(signal);
    if (timedOut) throw new WorkloadApiError('timeout', `${name}: no answer within ${timeoutMs} ms`);
    if (error instanceof WorkloadApiError) throw error;
    throw errorOf(name, callFailureOf(error));
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
    stream.cancel();
    client.close();
  }
}
