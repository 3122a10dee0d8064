import { AsyncLocalStorage } from 'node:async_hooks';
import type { Caller } from '@dirgate/guard';
import type { Metadata } from '@grpc/grpc-js';

const callers = new WeakMap<Metadata, Caller>();
let asyncContext: AsyncLocalStorage<Caller> | undefined;

/**
 * The proven caller of a call, in any handler of a guarded @grpc/grpc-js server. It hangs on the call's own metadata
 * object, so it cannot leak into another call, and no header can forge it.
 *
 * @throws Error when the call did not come through a guard: a handler without an identity must not go on
 */
export function callerOf(call: { readonly metadata: Metadata }): Caller {
  const caller = callers.get(call.metadata);
  if (caller === undefined) {
    throw new Error('this call has no proven caller: bind the server with createServerCredentials(guard)');
  }
  return caller;
}

/** Puts the caller where {@link callerOf} finds it. */
export function setCaller(metadata: Metadata, caller: Caller): void {
  callers.set(metadata, caller);
}

/**
 * The async context that carries the caller into frameworks which hide the call from their handlers. Asking for it
 * switches it on for the whole process; it costs about a seventh of bidi throughput (node-facts N-58), so grpc-js
 * handlers, which have {@link callerOf}, do without.
 */
export function callerContext(): AsyncLocalStorage<Caller> {
  asyncContext ??= new AsyncLocalStorage();
  return asyncContext;
}

/** The context, if anybody asked for it. */
export function activeCallerContext(): AsyncLocalStorage<Caller> | undefined {
  return asyncContext;
}
