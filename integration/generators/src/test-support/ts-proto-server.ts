import { callerMiddleware } from '@dirgate/nice-grpc';
import { createServer, type ServiceImplementation } from 'nice-grpc';
import { type PublishRequest, RoutingServiceDefinition } from '../gen/directory/agntcy/dir/routing/v1/routing_service.js';
import { SearchServiceDefinition } from '../gen/directory/agntcy/dir/search/v1/search_service.js';
import { StoreServiceDefinition } from '../gen/directory/agntcy/dir/store/v1/store_service.js';
import type { FixtureServer, HandlerLog } from './fixture-server.js';

type Store = ServiceImplementation<typeof StoreServiceDefinition>;
type Routing = ServiceImplementation<typeof RoutingServiceDefinition>;
type Search = ServiceImplementation<typeof SearchServiceDefinition>;

/** nice-grpc with the code of ts-proto. */
export const tsProtoServer: FixtureServer = {
  messages: 'ts-proto',
  listen: async (credentials, log) => {
    const server = createServer().use(callerMiddleware());
    const { store, routing, search } = handlers(log);
    server.add(StoreServiceDefinition, complete<Store>(StoreServiceDefinition, store));
    server.add(RoutingServiceDefinition, complete<Routing>(RoutingServiceDefinition, routing));
    server.add(SearchServiceDefinition, complete<Search>(SearchServiceDefinition, search));
    const port = await server.listen('127.0.0.1:0', credentials);
    return { address: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
  },
};

/** nice-grpc wants every method of a service. */
function complete<Service>({ methods }: { readonly methods: object }, some: Partial<Service>): Service {
  const unimplemented = (): never => {
    throw new Error('not a part of this fixture');
  };
  return { ...Object.fromEntries(Object.keys(methods).map((name) => [name, unimplemented])), ...some } as Service;
}

interface Handlers {
  readonly store: Pick<Store, 'push' | 'pull' | 'delete'>;
  readonly routing: Pick<Routing, 'publish'>;
  readonly search: Pick<Search, 'searchCIDs'>;
}

function handlers(log: HandlerLog): Handlers {
  return {
    store: {
      async *push(records) {
        for await (const { data } of records) {
          log.push(`push ${data?.['name']}`);
          yield { cid: `cid of ${data?.['name']}` };
        }
      },
      async *pull(refs) {
        for await (const { cid } of refs) {
          log.push(`pull ${cid}`);
          yield { data: { name: `acme/${cid}` } };
        }
      },
      async delete(refs) {
        for await (const { cid } of refs) log.push(`delete ${cid}`);
        log.push('deleted');
        return {};
      },
    },
    routing: {
      async publish(request) {
        log.push(`publish ${selectionOf(request)}`);
        return {};
      },
    },
    search: {
      async *searchCIDs() {
        log.push('search');
        yield { recordCid: 'one' };
        yield { recordCid: 'two' };
      },
    },
  };
}

/** A handler that looks at `allRecords` first, whatever else is set. */
function selectionOf({ allRecords, recordRefs, queries }: PublishRequest): string {
  if (allRecords === true) return 'all';
  if (recordRefs !== undefined) return recordRefs.refs.map(({ cid }) => cid).join(',');
  return queries === undefined ? 'nothing' : 'queries';
}
