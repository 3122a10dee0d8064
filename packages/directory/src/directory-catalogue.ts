import {
  type ActionClass,
  type Catalogue,
  createCatalogue,
  type MethodDeclaration,
  type MethodRule,
  type ResourceRule,
} from '@dirgate/guard';
import { PublicationService } from './gen/agntcy/dir/routing/v1/publication_service_pb.js';
import { RoutingService } from './gen/agntcy/dir/routing/v1/routing_service_pb.js';
import { SearchService } from './gen/agntcy/dir/search/v1/search_service_pb.js';
import { StoreService } from './gen/agntcy/dir/store/v1/store_service_pb.js';
import { SyncService } from './gen/agntcy/dir/store/v1/sync_service_pb.js';

/** What a record says of itself; `data` is the path of the record document in the message. */
function record(data: string): ResourceRule {
  return {
    type: 'record',
    properties: {
      name: `${data}.name`,
      version: `${data}.version`,
      schema_version: `${data}.schema_version`,
      authors: `${data}.authors[]`,
      skills: `${data}.skills[].name`,
      domains: `${data}.domains[].name`,
      modules: `${data}.modules[].name`,
      locators: `${data}.locators[].type`,
    },
  };
}

/** A record of which the message holds only the CID: what it is, `describe` must tell. */
function recordByCid(cid: string): ResourceRule {
  return { type: 'record', id: cid, describedBy: cid };
}

/** A referrer is judged by its kind and by the record it hangs on. */
function referrer(typePath: string, recordCid: string): ResourceRule {
  return { type: 'referrer', properties: { referrer_type: typePath, record_cid: recordCid }, describedBy: recordCid };
}

const query: ResourceRule = { type: 'query' };
/** How much of what is found is asked for, and from where on: it can tell of what a filter leaves out. */
const page = { limit: 'limit', offset: 'offset' };
const limitedQuery: ResourceRule = { ...query, properties: { limit: page.limit } };
const pagedQuery: ResourceRule = { ...query, properties: page };
const refsOrQueries: readonly ResourceRule[] = [
  { when: 'record_refs', ...recordByCid('record_refs.refs[].cid') },
  { when: 'queries', type: 'selection', constants: { kind: 'queries' } },
];
/** A message that selects nothing is the handler's to refuse; whoever may not publish at all is refused before. */
const nothing: ResourceRule = { type: 'selection', constants: { kind: 'none' } };
const publish: MethodDeclaration = {
  class: 'publish',
  request: [...refsOrQueries, { when: 'all_records', type: 'selection', constants: { kind: 'all' } }, nothing],
};

const judgedByMessage = createCatalogue({
  descriptors: [StoreService, SyncService, RoutingService, PublicationService, SearchService],
  services: {
    'agntcy.dir.store.v1.StoreService': {
      Push: { class: 'write', request: record('data') },
      Pull: { class: 'read', request: recordByCid('cid'), response: record('data') },
      Lookup: { class: 'read', request: recordByCid('cid'), response: recordByCid('cid') },
      Delete: { class: 'delete', request: recordByCid('cid') },
      PushReferrer: { class: 'write', request: referrer('type', 'record_ref.cid') },
      PullReferrer: {
        class: 'read',
        request: referrer('referrer_type', 'record_ref.cid'),
        response: referrer('referrer.type', 'referrer.record_ref.cid'),
      },
      DeleteReferrer: { class: 'delete', request: referrer('referrer_type', 'record.cid') },
    },
    'agntcy.dir.store.v1.SyncService': {
      CreateSync: {
        class: 'admin',
        request: { type: 'sync', properties: { remote_directory_url: 'remote_directory_url', cids: 'cids[]' } },
      },
      ListSyncs: { class: 'admin', request: { type: 'sync', properties: page } },
      GetSync: { class: 'admin', request: { type: 'sync', id: 'sync_id' } },
      DeleteSync: { class: 'admin', request: { type: 'sync', id: 'sync_id' } },
      // Hands out registry passwords to a directory that mirrors this one.
      RequestRegistryCredentials: { class: 'sync' },
    },
    'agntcy.dir.routing.v1.RoutingService': {
      Publish: publish,
      Unpublish: { class: 'publish', request: [...refsOrQueries, nothing] },
      Search: { class: 'search', request: limitedQuery, response: recordByCid('record_ref.cid') },
      List: { class: 'search', request: limitedQuery, response: recordByCid('record_ref.cid') },
      GetProviderCount: { class: 'search', request: { type: 'record', id: 'cid' } },
    },
    'agntcy.dir.routing.v1.PublicationService': {
      CreatePublication: publish,
      ListPublications: { class: 'publish', request: { type: 'publication', properties: page } },
      GetPublication: { class: 'publish', request: { type: 'publication', id: 'publication_id' } },
    },
    'agntcy.dir.search.v1.SearchService': {
      SearchCIDs: { class: 'search', request: pagedQuery, response: recordByCid('record_cid') },
      SearchRecords: { class: 'search', request: pagedQuery, response: record('record.data') },
      CountRecords: { class: 'search', request: query },
    },
  },
  complete: true,
});

/** Judged by method only: this package does not hold their messages. */
const judgedByMethod: Readonly<Record<string, Readonly<Record<string, ActionClass>>>> = {
  'agntcy.dir.events.v1.EventService': { Listen: 'search' },
  'agntcy.dir.naming.v1.NamingService': { GetVerificationInfo: 'read', Resolve: 'read' },
  'agntcy.dir.sign.v1.SignService': { Sign: 'write', Verify: 'read' },
  'agntcy.dir.catalog.v1.AIFinderService': {
    ListAgents: 'search',
    ListTags: 'search',
    ExtractTaxonomy: 'search',
    SearchAgents: 'search',
    GetAgent: 'read',
    ExportAgent: 'read',
    GetWellKnownCatalog: 'read',
  },
  'agntcy.dir.runtime.v1.DiscoveryService': { GetWorkload: 'read', ListWorkloads: 'search' },
};

function methodsOf([service, methods]: readonly [string, Readonly<Record<string, ActionClass>>]): [string, MethodRule][] {
  return Object.entries(methods).map(([name, actionClass]) => [`/${service}/${name}`, { class: actionClass, phases: ['call'] }]);
}

/**
 * The class, the resources and the phases of every method of an AGNTCY Directory: 37 methods in ten services. Pass it to
 * `createGuard`. A method of a newer Directory that is not in it is refused.
 */
export const directoryCatalogue: Catalogue = new Map([...judgedByMessage, ...Object.entries(judgedByMethod).flatMap(methodsOf)]);
