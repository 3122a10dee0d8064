export type { GrpcJsClient, GrpcJsClientConstructor } from './grpc-js-client.js';
export { clientConstructor } from './grpc-js-client.js';
export type { GrpcJsHandlers } from './grpc-js-handlers.js';
export type { MethodDefinitionOf, ServiceDefinitionOf } from './service-definition.js';
export { serviceDefinition } from './service-definition.js';
