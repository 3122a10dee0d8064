import { fileURLToPath } from 'node:url';
import {
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
} from '@grpc/grpc-js';
import { loadSync, type Options, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { bind } from './bind-grpc-js.js';
import type { FixtureServer, HandlerLog } from './fixture-server.js';

const PROTO = fileURLToPath(new URL('../../../../proto', import.meta.url));

interface Ref {
  readonly cid?: string;
}
interface Record {
  readonly data?: { readonly fields?: { readonly name?: { readonly stringValue?: string } } };
}
interface PublishRequest {
  readonly all_records?: boolean;
  readonly allRecords?: boolean;
  readonly record_refs?: { readonly refs?: readonly Ref[] };
  readonly recordRefs?: { readonly refs?: readonly Ref[] };
}

/** The Directory's services as @grpc/proto-loader loads them. */
export function loadDirectory(options: Options): PackageDefinition {
  const files = ['store/v1/store_service', 'store/v1/sync_service', 'routing/v1/routing_service'];
  files.push('routing/v1/publication_service', 'search/v1/search_service');
  return loadSync(
    files.map((file) => `agntcy/dir/${file}.proto`),
    { ...options, includeDirs: [PROTO] },
  );
}

/** grpc-js with what proto-loader makes of the .proto files. */
export function protoLoaderServer(options: Options): FixtureServer {
  return {
    messages: { generator: 'proto-loader', keepCase: options.keepCase ?? false },
    listen: (credentials, log) => {
      const server = new Server();
      const { store, routing, search } = handlers(log, options.keepCase ?? false);
      const loaded = loadDirectory(options);
      server.addService(loaded['agntcy.dir.store.v1.StoreService'] as ServiceDefinition, store);
      server.addService(loaded['agntcy.dir.routing.v1.RoutingService'] as ServiceDefinition, routing);
      server.addService(loaded['agntcy.dir.search.v1.SearchService'] as ServiceDefinition, search);
      return bind(server, credentials);
    },
  };
}

function handlers(log: HandlerLog, keepCase: boolean) {
  const Push: handleBidiStreamingCall<Record, Ref> = (call) => {
    call.on('data', ({ data }: Record) => {
      const name = data?.fields?.name?.stringValue;
      log.push(`push ${name}`);
      call.write({ cid: `cid of ${name}` });
    });
    call.on('end', () => call.end());
  };
  const Pull: handleBidiStreamingCall<Ref, Record> = (call) => {
    call.on('data', ({ cid }: Ref) => {
      log.push(`pull ${cid}`);
      call.write({ data: { fields: { name: { stringValue: `acme/${cid}` } } } });
    });
    call.on('end', () => call.end());
  };
  const Delete: handleClientStreamingCall<Ref, object> = (call, callback) => {
    call.on('data', ({ cid }: Ref) => log.push(`delete ${cid}`));
    call.on('end', () => {
      log.push('deleted');
      callback(null, {});
    });
  };
  const Publish: handleUnaryCall<PublishRequest, object> = ({ request }, callback) => {
    log.push(`publish ${selectionOf(request)}`);
    callback(null, {});
  };
  const SearchCIDs: handleServerStreamingCall<object, object> = (call) => {
    log.push('search');
    for (const cid of ['one', 'two']) call.write(keepCase ? { record_cid: cid } : { recordCid: cid });
    call.end();
  };
  return { store: { Push, Pull, Delete }, routing: { Publish }, search: { SearchCIDs } };
}

/** A handler that looks at `all_records` first, whatever else is set. */
function selectionOf(request: PublishRequest): string {
  if (request.all_records === true || request.allRecords === true) return 'all';
  const refs = request.record_refs ?? request.recordRefs;
  return refs === undefined ? 'queries' : (refs.refs ?? []).map(({ cid }) => cid).join(',');
}
