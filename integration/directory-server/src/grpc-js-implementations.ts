import type { DescService, Message } from '@bufbuild/protobuf';
import { PublicationService, RoutingService, SearchService, StoreService, SyncService } from '@dirgate/directory';
import type { GrpcJsHandlers } from '@dirgate/service-definition';
import {
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { bindHandlers } from './bind-handlers.js';
import { asDirectoryError } from './directory-error.js';
import type { Directory } from './open-directory.js';
import type { ServiceHandlers } from './service-handlers.js';
import { uncutRequests } from './uncut-requests.js';

/** The Directory's services for grpc-js: `server.addService(StoreServiceDefinition, implementations.store)`, and so on. */
export interface GrpcJsImplementations {
  readonly store: GrpcJsHandlers<typeof StoreService>;
  readonly sync: GrpcJsHandlers<typeof SyncService>;
  readonly routing: GrpcJsHandlers<typeof RoutingService>;
  readonly publication: GrpcJsHandlers<typeof PublicationService>;
  readonly search: GrpcJsHandlers<typeof SearchService>;
}

/** Binds a Directory to grpc-js. A slow reader holds its stream's handler back; a cancelled call ends it. */
export function grpcJsImplementations(directory: Directory): GrpcJsImplementations {
  return {
    store: bind(StoreService, directory.store),
    sync: bind(SyncService, directory.sync),
    routing: bind(RoutingService, directory.routing),
    publication: bind(PublicationService, directory.publication),
    search: bind(SearchService, directory.search),
  };
}

type Handler<Request, Response> = (request: Request) => Response;
type Writable = ServerWritableStream<Message, Message> | ServerDuplexStream<Message, Message>;
type Readable = ServerReadableStream<Message, Message> | ServerDuplexStream<Message, Message>;

function bind<S extends DescService>(service: S, handlers: ServiceHandlers<S>): GrpcJsHandlers<S>;
function bind(service: DescService, handlers: Readonly<Record<string, unknown>>): Readonly<Record<string, UntypedHandleCall>> {
  const shapes = { unary, client_streaming: clientStreaming, server_streaming: serverStreaming, bidi_streaming: bidiStreaming };
  return bindHandlers<UntypedHandleCall>(service, handlers, shapes);
}

function unary(handler: Handler<Message, Message>) {
  return (call: ServerUnaryCall<Message, Message>, callback: sendUnaryData<Message>): void => {
    let response: Message;
    try {
      response = handler(call.request);
    } catch (error) {
      callback(statusOf(error));
      return;
    }
    callback(null, response);
  };
}

function clientStreaming(handler: Handler<AsyncIterable<Message>, Promise<Message>>) {
  return (call: ServerReadableStream<Message, Message>, callback: sendUnaryData<Message>): void => {
    handler(requestsOf(call)).then(
      (response) => callback(null, response),
      (error: unknown) => callback(statusOf(error)),
    );
  };
}

function serverStreaming(handler: Handler<Message, Iterable<Message>>) {
  return (call: ServerWritableStream<Message, Message>): void => {
    void respond(call, () => handler(call.request));
  };
}

function bidiStreaming(handler: Handler<AsyncIterable<Message>, AsyncIterable<Message>>) {
  return (call: ServerDuplexStream<Message, Message>): void => {
    void respond(call, () => handler(requestsOf(call)));
  };
}

/** Never rejects. An error status follows the responses that were written before it. */
async function respond(call: Writable, start: () => Iterable<Message> | AsyncIterable<Message>): Promise<void> {
  try {
    for await (const response of start()) {
      if (call.cancelled) {
        return;
      }
      if (!call.write(response)) {
        await drained(call);
      }
    }
    call.end();
  } catch (error) {
    if (!call.cancelled) {
      call.emit('error', statusOf(error));
    }
  }
}

function drained(call: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('drain', done);
      call.off('close', done);
      resolve();
    };
    call.on('drain', done);
    call.on('close', done);
  });
}

function requestsOf(call: Readable): AsyncIterable<Message> {
  // A handler may stop before the last request; the call must then still be able to answer.
  return uncutRequests(call.iterator({ destroyOnReturn: false }) as AsyncIterable<Message>, () => call.cancelled);
}

function statusOf(error: unknown) {
  const { code, message } = asDirectoryError(error);
  return { code: status[code], details: message };
}
