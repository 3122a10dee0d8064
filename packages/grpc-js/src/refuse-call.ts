import type { Http2Stream } from 'node:http2';
import { constants } from 'node:http2';
import type { Refusal } from '@dirgate/guard';
import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';

/** How long a client may take to end its side, or to read what was sent, before the stream is reset. */
const RESET_AFTER_MS = 1000;

/**
 * Ends a call with a refusal. The status goes out at once; a client that keeps the stream open all the same, or does
 * not read, has it reset a second later.
 */
export function refuseCall(call: ServerInterceptingCallInterface, stream: Http2Stream | undefined, refusal: Refusal): void {
  try {
    call.sendStatus({ code: refusal.status, details: refusal.details });
  } catch {
    // This may run from a timer, where a throw would end the process. Without a status the client still gets a reset.
    stream?.close(constants.NGHTTP2_CANCEL);
  }
  if (stream === undefined || stream.closed) {
    return;
  }
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), RESET_AFTER_MS).unref();
  stream.once('close', () => clearTimeout(timer));
}
