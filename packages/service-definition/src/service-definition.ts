import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  isMessage,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';

/** Whether requests and responses of a method are streams, by its kind. */
interface Streams {
  unary: { requests: false; responses: false };
  client_streaming: { requests: true; responses: false };
  server_streaming: { requests: false; responses: true };
  bidi_streaming: { requests: true; responses: true };
}

/**
 * One method as grpc-js and nice-grpc read it. What is sent may be an init object (plain fields, the rest defaulted);
 * what is received is always a whole message.
 */
export interface MethodDefinitionOf<M extends DescMethod> {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Name of the method in the proto file. */
  readonly originalName: string;
  readonly requestStream: Streams[M['methodKind']]['requests'];
  readonly responseStream: Streams[M['methodKind']]['responses'];
  readonly requestSerialize: (value: MessageInitShape<M['input']>) => Buffer;
  readonly requestDeserialize: (bytes: Uint8Array) => MessageShape<M['input']>;
  readonly responseSerialize: (value: MessageInitShape<M['output']>) => Buffer;
  readonly responseDeserialize: (bytes: Uint8Array) => MessageShape<M['output']>;
  /** Read by nice-grpc only. Empty: idempotency would let a client retry, and that is the caller's to say. */
  readonly options: Record<never, never>;
}

/** All methods of a service, keyed by their camelCase name. */
export type ServiceDefinitionOf<S extends DescService> = {
  readonly [K in keyof S['method'] & string]: MethodDefinitionOf<S['method'][K]>;
};

/**
 * Derives the service definition that grpc-js (`server.addService`, `makeGenericClientConstructor`) and nice-grpc
 * (`server.add`, `createClient`) take, from a service descriptor made by protoc-gen-es. Keys are the descriptor's
 * local names (`searchCIDs` for `SearchCIDs`). Messages are only converted, not validated beyond the wire format:
 * deserializing throws on bytes that are no such message, and serializing on values outside of a field's range.
 */
export function serviceDefinition<S extends DescService>(service: S): ServiceDefinitionOf<S>;
export function serviceDefinition(service: DescService): Record<string, MethodDefinitionOf<DescMethod>> {
  return Object.fromEntries(service.methods.map((method) => [method.localName, methodDefinition(method)]));
}

function methodDefinition(method: DescMethod): MethodDefinitionOf<DescMethod> {
  const { methodKind: kind, input, output } = method;
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    originalName: method.name,
    requestStream: kind === 'client_streaming' || kind === 'bidi_streaming',
    responseStream: kind === 'server_streaming' || kind === 'bidi_streaming',
    requestSerialize: serializer(input),
    requestDeserialize: (bytes) => fromBinary(input, bytes),
    responseSerialize: serializer(output),
    responseDeserialize: (bytes) => fromBinary(output, bytes),
    options: {},
  };
}

function serializer(schema: DescMessage): (value: MessageInitShape<DescMessage>) => Buffer {
  return (value) => {
    const bytes = toBinary(schema, isMessage(value, schema) ? value : create(schema, value));
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}
