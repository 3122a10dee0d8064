import { fileURLToPath } from 'node:url';
import type { MessageGenerator } from '@dirgate/guard';
import type { Options, PackageDefinition, ServiceDefinition } from '@grpc/proto-loader';
import { loadSync } from '@grpc/proto-loader';
import { PublicationServiceDefinition } from '../gen/directory/agntcy/dir/routing/v1/publication_service.js';
import { RoutingServiceDefinition } from '../gen/directory/agntcy/dir/routing/v1/routing_service.js';
import { SearchServiceDefinition } from '../gen/directory/agntcy/dir/search/v1/search_service.js';
import { StoreServiceDefinition } from '../gen/directory/agntcy/dir/store/v1/store_service.js';
import { SyncServiceDefinition } from '../gen/directory/agntcy/dir/store/v1/sync_service.js';
import { ShapeServiceDefinition as Properties } from '../gen/shapes/properties/test/shapes/v1/shapes.js';
import { ShapeServiceDefinition as Unions } from '../gen/shapes/unions/test/shapes/v1/shapes.js';
import { ShapeServiceDefinition as UnionsValue } from '../gen/shapes/unions-value/test/shapes/v1/shapes.js';
import { loadDirectory } from './proto-loader-server.js';

/** One direction of a method in the code of one generator. */
export interface Codec {
  decode(bytes: Uint8Array): unknown;
  encode(message: unknown): Uint8Array;
}

/** A generator with options, and the codecs of its code by method path and phase: `/pkg.Service/Method request`. */
export interface Decoders {
  readonly name: string;
  readonly messages: MessageGenerator;
  readonly codecs: ReadonlyMap<string, Codec>;
}

/** As much of ts-proto's generic definitions as is needed. */
interface TsProtoType {
  decode(bytes: Uint8Array): unknown;
  encode(message: never): { finish(): Uint8Array };
}
interface TsProtoService {
  readonly fullName: string;
  readonly methods: Readonly<
    Record<string, { readonly name: string; readonly requestType: TsProtoType; readonly responseType: TsProtoType }>
  >;
}

function tsProto(name: string, messages: MessageGenerator, services: readonly TsProtoService[]): Decoders {
  const codecOf = (type: TsProtoType): Codec => ({
    decode: (bytes) => type.decode(bytes),
    encode: (message) => type.encode(message as never).finish(),
  });
  const codecs = services.flatMap(({ fullName, methods }) =>
    Object.values(methods).flatMap((method): [string, Codec][] => [
      [`/${fullName}/${method.name} request`, codecOf(method.requestType)],
      [`/${fullName}/${method.name} response`, codecOf(method.responseType)],
    ]),
  );
  return { name, messages, codecs: new Map(codecs) };
}

function protoLoader(options: Options, loaded: PackageDefinition): Decoders {
  const services = Object.values(loaded).filter((definition) => !('format' in definition)) as ServiceDefinition[];
  const codecs = services.flatMap((service) =>
    Object.values(service).flatMap((method): [string, Codec][] => [
      [
        `${method.path} request`,
        { decode: (b) => method.requestDeserialize(Buffer.from(b)), encode: (m) => method.requestSerialize(m as object) },
      ],
      [
        `${method.path} response`,
        { decode: (b) => method.responseDeserialize(Buffer.from(b)), encode: (m) => method.responseSerialize(m as object) },
      ],
    ]),
  );
  const messages: MessageGenerator = { generator: 'proto-loader', keepCase: options.keepCase ?? false };
  return { name: `proto-loader ${optionsText(options)}`, messages, codecs: new Map(codecs) };
}

function optionsText(options: Options): string {
  return Object.entries(options)
    .map(([name, value]) => `${name}=${typeof value === 'function' ? value.name : value}`)
    .join(' ');
}

/** Options as the documentation of grpc-js has them, none, and others that change a message. */
export const PROTO_LOADER_OPTIONS: readonly Options[] = [
  {},
  { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true },
  { keepCase: true, arrays: true, objects: true, oneofs: true, longs: Number, bytes: String, json: true },
  { defaults: true },
];

const SHAPES = fileURLToPath(new URL('../../proto', import.meta.url));
const tsProtoDirectory = [
  StoreServiceDefinition,
  SyncServiceDefinition,
  RoutingServiceDefinition,
  PublicationServiceDefinition,
  SearchServiceDefinition,
];

/** The Directory's messages in the code of every generator but protobuf-es. */
export const directoryDecoders: readonly Decoders[] = [
  tsProto('ts-proto', 'ts-proto', tsProtoDirectory),
  ...PROTO_LOADER_OPTIONS.map((options) => protoLoader(options, loadDirectory(options))),
];

/** The shapes in the code of every generator but protobuf-es, with each option that changes what messages look like. */
export const shapesDecoders: readonly Decoders[] = [
  tsProto('ts-proto', 'ts-proto', [Properties]),
  tsProto('ts-proto unions', { generator: 'ts-proto', oneof: 'unions', snakeToCamel: false }, [Unions]),
  tsProto('ts-proto unions-value', { generator: 'ts-proto', oneof: 'unions-value' }, [UnionsValue]),
  ...PROTO_LOADER_OPTIONS.map((options) =>
    protoLoader(options, loadSync('test/shapes/v1/shapes.proto', { ...options, includeDirs: [SHAPES] })),
  ),
];
