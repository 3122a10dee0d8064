import type { DescMethod, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
} from '@grpc/grpc-js';

interface HandlerByKind<Request, Response> {
  unary: handleUnaryCall<Request, Response>;
  client_streaming: handleClientStreamingCall<Request, Response>;
  server_streaming: handleServerStreamingCall<Request, Response>;
  bidi_streaming: handleBidiStreamingCall<Request, Response>;
}

type HandlerOf<M extends DescMethod> = HandlerByKind<MessageShape<M['input']>, MessageInitShape<M['output']>>[M['methodKind']];

/** What `server.addService(serviceDefinition(S), handlers)` of grpc-js needs, typed: grpc-js itself takes any function. */
export type GrpcJsHandlers<S extends DescService> = {
  readonly [K in keyof S['method'] & string]: HandlerOf<S['method'][K]>;
};
