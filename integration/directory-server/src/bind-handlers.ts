import type { DescService, Message } from '@bufbuild/protobuf';

/** How a gRPC library takes a handler of each shape that `ServiceHandlers` has. */
export interface HandlerShapes<Bound> {
  readonly unary: (handler: (request: Message) => Message) => Bound;
  readonly client_streaming: (handler: (requests: AsyncIterable<Message>) => Promise<Message>) => Bound;
  readonly server_streaming: (handler: (request: Message) => Iterable<Message>) => Bound;
  readonly bidi_streaming: (handler: (requests: AsyncIterable<Message>) => AsyncIterable<Message>) => Bound;
}

/** Each handler of a service as a gRPC library takes it, by the kind of its method in the descriptor. */
export function bindHandlers<Bound>(
  service: DescService,
  handlers: Readonly<Record<string, unknown>>,
  shapes: HandlerShapes<Bound>,
): Readonly<Record<string, Bound>> {
  const bound = service.methods.map(({ localName, methodKind }): [string, Bound] => {
    const bind = shapes[methodKind] as (handler: unknown) => Bound;
    return [localName, bind(handlers[localName])];
  });
  return Object.fromEntries(bound);
}
