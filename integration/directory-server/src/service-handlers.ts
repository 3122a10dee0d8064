import type { DescMethod, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf';

interface HandlerByKind<Request, Response> {
  unary: (request: Request) => Response;
  client_streaming: (requests: AsyncIterable<Request>) => Promise<Response>;
  server_streaming: (request: Request) => Iterable<Response>;
  bidi_streaming: (requests: AsyncIterable<Request>) => AsyncIterable<Response>;
}

type HandlerOf<M extends DescMethod> = HandlerByKind<MessageShape<M['input']>, MessageInitShape<M['output']>>[M['methodKind']];

/**
 * A service without a transport: requests in, responses out, a `DirectoryError` thrown for a status. Requests that are
 * cancelled make the iteration throw; they never just end.
 */
export type ServiceHandlers<S extends DescService> = {
  readonly [K in keyof S['method'] & string]: HandlerOf<S['method'][K]>;
};
