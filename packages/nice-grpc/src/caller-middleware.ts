import { callerContext } from '@dirgate/grpc-js';
import type { Caller } from '@dirgate/guard';
import type { CallContext, ServerMiddleware } from 'nice-grpc';
import { ServerError, Status } from 'nice-grpc';
import { uncutRequests } from './uncut-requests.js';

/** What {@link callerMiddleware} adds to the context of a handler. */
export interface CallerContext {
  /** Who calls, proven by the guard of the listener. */
  readonly caller: Caller;
}

/**
 * Adds the proven caller to the context of nice-grpc handlers, typed. It neither authenticates nor authorizes: the
 * credentials of the listener do. On a listener without them every call ends UNAUTHENTICATED. A request stream that is
 * refused, revoked or cancelled ends in an error, never as if it were complete.
 *
 * Side effect: switches on, for the whole process, the async context that carries the caller (it costs about a seventh
 * of bidi throughput). Make it before the server listens.
 */
export function callerMiddleware(): ServerMiddleware<CallerContext> {
  const callers = callerContext();
  return async function* withCaller(call, context: CallContext) {
    const caller = callers.getStore();
    if (caller === undefined) {
      throw new ServerError(Status.UNAUTHENTICATED, 'no proven caller: listen with createServerCredentials(guard)');
    }
    const known = Object.assign(context, { caller });
    return call.requestStream
      ? yield* call.next(uncutRequests(call.request, context.signal), known)
      : yield* call.next(call.request, known);
  };
}
