import type { Writable } from 'node:stream';
import type { Metadata } from '@grpc/grpc-js';

/** What grpc-js gives every handler, whatever its shape. */
export interface ObservedCall {
  readonly metadata: Metadata;
}

type AnyHandler = (call: Writable & ObservedCall, ...callback: unknown[]) => void;

/** The same grpc-js handlers, each telling of its call before it runs; `answers` where those are a stream. */
export function observedHandlers<Handlers extends object>(
  handlers: Handlers,
  onCall: (call: ObservedCall, answers: Writable | undefined) => void,
): Handlers {
  const observing = Object.entries(handlers as Record<string, AnyHandler>).map(([name, handler]): [string, AnyHandler] => [
    name,
    (call, ...callback) => {
      onCall(call, callback.length === 0 ? call : undefined);
      handler(call, ...callback);
    },
  ]);
  return Object.fromEntries(observing) as Handlers;
}
