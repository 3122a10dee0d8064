import type { DescService, Message } from '@bufbuild/protobuf';
import { PublicationService, RoutingService, SearchService, StoreService, SyncService } from '@dirgate/directory';
import type { ServiceDefinitionOf } from '@dirgate/service-definition';
import { type CallContext, ServerError, type ServiceImplementation, Status } from 'nice-grpc';
import { bindHandlers } from './bind-handlers.js';
import { asDirectoryError } from './directory-error.js';
import type { Directory } from './open-directory.js';
import type { ServiceHandlers } from './service-handlers.js';
import { uncutRequests } from './uncut-requests.js';

/** The Directory's services for nice-grpc: `server.add(StoreServiceDefinition, implementations.store)`, and so on. */
export interface NiceGrpcImplementations {
  readonly store: ServiceImplementation<ServiceDefinitionOf<typeof StoreService>>;
  readonly sync: ServiceImplementation<ServiceDefinitionOf<typeof SyncService>>;
  readonly routing: ServiceImplementation<ServiceDefinitionOf<typeof RoutingService>>;
  readonly publication: ServiceImplementation<ServiceDefinitionOf<typeof PublicationService>>;
  readonly search: ServiceImplementation<ServiceDefinitionOf<typeof SearchService>>;
}

/** Binds a Directory to nice-grpc. A slow reader holds its stream's handler back; a cancelled call ends it. */
export function niceGrpcImplementations(directory: Directory): NiceGrpcImplementations {
  return {
    store: bind(StoreService, directory.store),
    sync: bind(SyncService, directory.sync),
    routing: bind(RoutingService, directory.routing),
    publication: bind(PublicationService, directory.publication),
    search: bind(SearchService, directory.search),
  };
}

type Handler<Request, Response> = (request: Request) => Response;

function bind<S extends DescService>(service: S, handlers: ServiceHandlers<S>): ServiceImplementation<ServiceDefinitionOf<S>>;
function bind(service: DescService, handlers: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const shapes = { unary, client_streaming: clientStreaming, server_streaming: serverStreaming, bidi_streaming: bidiStreaming };
  return bindHandlers<unknown>(service, handlers, shapes);
}

function unary(handler: Handler<Message, Message>) {
  return async (request: Message): Promise<Message> => {
    try {
      return handler(request);
    } catch (error) {
      throw statusOf(error);
    }
  };
}

function clientStreaming(handler: Handler<AsyncIterable<Message>, Promise<Message>>) {
  return async (requests: AsyncIterable<Message>, { signal }: CallContext): Promise<Message> => {
    try {
      return await handler(uncutRequests(requests, () => signal.aborted));
    } catch (error) {
      throw statusOf(error);
    }
  };
}

function serverStreaming(handler: Handler<Message, Iterable<Message>>) {
  return async function* (request: Message): AsyncGenerator<Message, void, undefined> {
    try {
      yield* handler(request);
    } catch (error) {
      throw statusOf(error);
    }
  };
}

function bidiStreaming(handler: Handler<AsyncIterable<Message>, AsyncIterable<Message>>) {
  return async function* (requests: AsyncIterable<Message>, { signal }: CallContext): AsyncGenerator<Message, void, undefined> {
    try {
      yield* handler(uncutRequests(requests, () => signal.aborted));
    } catch (error) {
      throw statusOf(error);
    }
  };
}

function statusOf(error: unknown): ServerError {
  const { code, message } = asDirectoryError(error);
  return new ServerError(Status[code], message);
}
