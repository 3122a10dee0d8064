import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientReadableStream, status } from '@grpc/grpc-js';
import { OncePerText } from '../updates/once-per-text.js';
import type { WorkloadApiLogger } from '../workload-api-logger.js';
import type { Backoff } from './backoff.js';
import { type CallFailure, callFailureOf, describeFailure } from './call-failure.js';
import type { WorkloadApiClient } from './workload-api-channel.js';

/** One stream of full-state messages that is to be kept open. */
export interface StreamLoop<Message> {
  /** Name of the RPC, for reports. */
  readonly name: string;
  /** A client with a fresh connection; the loop closes it. */
  readonly openClient: () => WorkloadApiClient;
  readonly openStream: (client: WorkloadApiClient) => ClientReadableStream<Message>;
  /** Takes a message over. Rejects when it must be discarded; the stream goes on. The next one waits until it is done. */
  readonly apply: (message: Message) => Promise<void>;
  /** Told of each end of the stream and of each discarded message, before the next attempt. */
  readonly onFailure: (failure: CallFailure) => void;
  readonly backoff: Backoff;
  /** How long an attempt waits for its first message. */
  readonly responseTimeoutMs: number;
  readonly logger: WorkloadApiLogger;
  /** Ends the loop. */
  readonly signal: AbortSignal;
}

/**
 * Keeps the stream open until `signal` is aborted: whatever ends it, a clean end included, is followed by a new attempt
 * on a new connection (W-11, W-26). Resolves when aborted, and when the endpoint says that asking again is useless: then
 * with the failure (W-7, W-9). Never rejects.
 */
export async function runStreamLoop<Message>(loop: StreamLoop<Message>): Promise<CallFailure | undefined> {
  const { name, backoff, logger, signal, onFailure } = loop;
  let reported = '';
  const discarded = new OncePerText((text) => logger.error(text));
  while (!signal.aborted) {
    const startedAt = performance.now();
    const { failure, worked } = await runAttempt(loop, discarded);
    if (signal.aborted) return undefined;
    onFailure(failure);
    const text = describeFailure(name, failure);
    // An agent that stays away is one report, not one per attempt.
    if (worked || text !== reported) logger.warn(text);
    reported = text;
    if (isFinal(failure)) return failure;
    // A stream that served its purpose comes back at once; one that only blinks must not make a hot loop.
    const atOnce = worked && performance.now() - startedAt >= backoff.initialMs;
    await sleep(atOnce ? 0 : backoff.next(failure.code), undefined, { signal }).catch(() => {});
  }
  return undefined;
}

function isFinal({ code }: CallFailure): boolean {
  return code === status.INVALID_ARGUMENT || code === status.UNIMPLEMENTED;
}

/** One connection, one stream, to its end. `worked`: at least one message was taken over. */
async function runAttempt<Message>(
  loop: StreamLoop<Message>,
  discarded: OncePerText,
): Promise<{ failure: CallFailure; worked: boolean }> {
  const { apply, backoff, name, onFailure, responseTimeoutMs, signal } = loop;
  let worked = false;
  let timedOut = false;
  let client: WorkloadApiClient | undefined;
  let stream: ClientReadableStream<Message>;
  try {
    client = loop.openClient();
    stream = loop.openStream(client);
  } catch (error) {
    client?.close();
    return { failure: callFailureOf(error), worked };
  }
  // An error that nobody listens to ends the process; the loop below may have stopped listening already.
  stream.on('error', () => {});
  const cancel = (): void => stream.cancel();
  const timer = setTimeout(() => {
    timedOut = true;
    cancel();
  }, responseTimeoutMs);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const message of stream) {
      clearTimeout(timer);
      if (signal.aborted) break;
      try {
        await apply(message);
        worked = true;
        backoff.reset();
        discarded.forget();
      } catch (error) {
        const failure = callFailureOf(error);
        discarded.report(`${name}: ${failure.details}`);
        onFailure(failure);
      }
    }
    return { failure: { code: status.OK, details: 'the endpoint ended the stream' }, worked };
  } catch (error) {
    const timeout = { code: status.DEADLINE_EXCEEDED, details: `no answer within ${responseTimeoutMs} ms` };
    return { failure: timedOut ? timeout : callFailureOf(error), worked };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
    stream.cancel();
    client.close();
  }
}
