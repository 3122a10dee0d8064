import { RoutingService, SearchService, StoreService } from '@dirgate/directory';
import { type GrpcJsHandlers, serviceDefinition } from '@dirgate/service-definition';
import { Server } from '@grpc/grpc-js';
import { bind } from './bind-grpc-js.js';
import type { FixtureServer, HandlerLog } from './fixture-server.js';

type Store = Pick<GrpcJsHandlers<typeof StoreService>, 'push' | 'pull' | 'delete'>;
type Routing = Pick<GrpcJsHandlers<typeof RoutingService>, 'publish'>;
type Search = Pick<GrpcJsHandlers<typeof SearchService>, 'searchCIDs'>;

/** grpc-js with the code of protoc-gen-es. */
export const protobufEsServer: FixtureServer = {
  messages: 'protobuf-es',
  listen: (credentials, log) => {
    const server = new Server();
    const { store, routing, search } = handlers(log);
    server.addService(serviceDefinition(StoreService), store);
    server.addService(serviceDefinition(RoutingService), routing);
    server.addService(serviceDefinition(SearchService), search);
    return bind(server, credentials);
  },
};

function handlers(log: HandlerLog): { readonly store: Store; readonly routing: Routing; readonly search: Search } {
  return {
    store: {
      push: (call) => {
        call.on('data', ({ data }) => {
          log.push(`push ${data?.['name']}`);
          call.write({ cid: `cid of ${data?.['name']}` });
        });
        call.on('end', () => call.end());
      },
      pull: (call) => {
        call.on('data', ({ cid }) => {
          log.push(`pull ${cid}`);
          call.write({ data: { name: `acme/${cid}` } });
        });
        call.on('end', () => call.end());
      },
      delete: (call, callback) => {
        call.on('data', ({ cid }) => log.push(`delete ${cid}`));
        call.on('end', () => {
          log.push('deleted');
          callback(null, {});
        });
      },
    },
    routing: {
      publish: ({ request: { request } }, callback) => {
        switch (request.case) {
          case 'allRecords':
            log.push('publish all');
            break;
          case 'recordRefs':
            log.push(`publish ${request.value.refs.map(({ cid }) => cid)}`);
            break;
          default:
            log.push(`publish ${request.case}`);
        }
        callback(null, {});
      },
    },
    search: {
      searchCIDs: (call) => {
        log.push('search');
        call.write({ recordCid: 'one' });
        call.write({ recordCid: 'two' });
        call.end();
      },
    },
  };
}
