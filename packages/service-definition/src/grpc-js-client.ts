import type { DescMethod, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import {
  type CallOptions,
  type ChannelCredentials,
  type ChannelOptions,
  type Client,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  type Metadata,
  makeGenericClientConstructor,
  type requestCallback,
} from '@grpc/grpc-js';
import { serviceDefinition } from './service-definition.js';

interface UnaryMethod<Request, Response> {
  (request: Request, callback: requestCallback<Response>): ClientUnaryCall;
  (request: Request, metadata: Metadata, callback: requestCallback<Response>): ClientUnaryCall;
  (request: Request, options: CallOptions, callback: requestCallback<Response>): ClientUnaryCall;
  (request: Request, metadata: Metadata, options: CallOptions, callback: requestCallback<Response>): ClientUnaryCall;
}

interface ClientStreamMethod<Request, Response> {
  (callback: requestCallback<Response>): ClientWritableStream<Request>;
  (metadata: Metadata, callback: requestCallback<Response>): ClientWritableStream<Request>;
  (options: CallOptions, callback: requestCallback<Response>): ClientWritableStream<Request>;
  (metadata: Metadata, options: CallOptions, callback: requestCallback<Response>): ClientWritableStream<Request>;
}

interface ServerStreamMethod<Request, Response> {
  (request: Request, options?: CallOptions): ClientReadableStream<Response>;
  (request: Request, metadata: Metadata, options?: CallOptions): ClientReadableStream<Response>;
}

interface BidiMethod<Request, Response> {
  (options?: CallOptions): ClientDuplexStream<Request, Response>;
  (metadata: Metadata, options?: CallOptions): ClientDuplexStream<Request, Response>;
}

interface ClientMethodByKind<Request, Response> {
  unary: UnaryMethod<Request, Response>;
  client_streaming: ClientStreamMethod<Request, Response>;
  server_streaming: ServerStreamMethod<Request, Response>;
  bidi_streaming: BidiMethod<Request, Response>;
}

type ClientMethodOf<M extends DescMethod> = ClientMethodByKind<
  MessageInitShape<M['input']>,
  MessageShape<M['output']>
>[M['methodKind']];

/** A grpc-js client of one service, typed: grpc-js's own generic clients have `Function` for every method. */
export type GrpcJsClient<S extends DescService> = Client & {
  readonly [K in keyof S['method'] & string]: ClientMethodOf<S['method'][K]>;
};

/** Constructor of a {@link GrpcJsClient}: `new (address, credentials, options?)`. */
export type GrpcJsClientConstructor<S extends DescService> = new (
  address: string,
  credentials: ChannelCredentials,
  options?: Partial<ChannelOptions> & ClientOptions,
) => GrpcJsClient<S>;

/**
 * Makes the grpc-js client class of a service: `makeGenericClientConstructor` with types. Constructing the client
 * opens no connection; the first call does.
 */
export function clientConstructor<S extends DescService>(service: S): GrpcJsClientConstructor<S> {
  // grpc-js builds the methods at run time from the definition, so only the definition knows their types.
  return makeGenericClientConstructor(serviceDefinition(service), service.typeName) as unknown as GrpcJsClientConstructor<S>;
}
