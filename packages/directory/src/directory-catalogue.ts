import type { ActionClass, Catalogue, MessageRule, MethodRule, ResourceRule } from '@dirgate/guard';

const core = 'agntcy.dir.core.v1';
const store = 'agntcy.dir.store.v1';
const routing = 'agntcy.dir.routing.v1';
const search = 'agntcy.dir.search.v1';

/** What a record says of itself; `data` is the path of the record document in the message. */
function recordProperties(data: string): Readonly<Record<string, string>> {
  return {
    name: `${data}.name`,
    version: `${data}.version`,
    schema_version: `${data}.schema_version`,
    authors: `${data}.authors[]`,
    skills: `${data}.skills[].name`,
    domains: `${data}.domains[].name`,
    modules: `${data}.modules[].name`,
    locators: `${data}.locators[].type`,
  };
}

function of(message: string, ...resources: ResourceRule[]): MessageRule {
  return { message, resources };
}

/** A record of which the message holds only the CID: what it is, `describe` must tell. */
function recordByCid(cid: string): ResourceRule {
  return { type: 'record', id: cid, describedBy: cid };
}

/** A referrer is judged by its kind and by the record it hangs on. */
function referrer(typePath: string, recordCid: string): ResourceRule {
  return { type: 'referrer', properties: { referrer_type: typePath, record_cid: recordCid }, describedBy: recordCid };
}

function service(actionClass: ActionClass): MethodRule {
  return { class: actionClass, phases: ['call'] };
}

function perRequest(actionClass: ActionClass, request: MessageRule): MethodRule {
  return { class: actionClass, phases: ['call', 'request'], request };
}

function perMessage(actionClass: ActionClass, request: MessageRule, response: MessageRule): MethodRule {
  return { class: actionClass, phases: ['call', 'request', 'response'], request, response };
}

const recordRef = of(`${core}.RecordRef`, recordByCid('cid'));
const record: MessageRule = {
  ...of(`${core}.Record`, { type: 'record', properties: recordProperties('data') }),
  structs: ['data'],
};
const query: ResourceRule = { type: 'query' };
const refsOrQueries: readonly ResourceRule[] = [
  { when: 'record_refs', ...recordByCid('record_refs.refs[].cid') },
  { type: 'selection', when: 'queries', constants: { kind: 'queries' } },
];
/** A message that selects nothing is the handler's to refuse; whoever may not publish at all is refused before. */
const nothing: ResourceRule = { type: 'selection', constants: { kind: 'none' } };
const publishRequest: MessageRule = {
  ...of(
    `${routing}.PublishRequest`,
    ...refsOrQueries,
    { type: 'selection', when: 'all_records', constants: { kind: 'all' } },
    nothing,
  ),
  oneofs: { record_refs: 'request', queries: 'request', all_records: 'request' },
};
const unpublishRequest: MessageRule = {
  ...of(`${routing}.UnpublishRequest`, ...refsOrQueries, nothing),
  oneofs: { record_refs: 'request', queries: 'request' },
};

const servicesWithMessageRules: Readonly<Record<string, Readonly<Record<string, MethodRule>>>> = {
  [`${store}.StoreService`]: {
    Push: perRequest('write', record),
    Pull: perMessage('read', recordRef, record),
    Lookup: perMessage('read', recordRef, of(`${core}.RecordMeta`, recordByCid('cid'))),
    Delete: perRequest('delete', recordRef),
    PushReferrer: perRequest('write', of(`${store}.PushReferrerRequest`, referrer('type', 'record_ref.cid'))),
    PullReferrer: perMessage(
      'read',
      of(`${store}.PullReferrerRequest`, referrer('referrer_type', 'record_ref.cid')),
      of(`${store}.PullReferrerResponse`, referrer('referrer.type', 'referrer.record_ref.cid')),
    ),
    DeleteReferrer: perRequest('delete', of(`${store}.DeleteReferrerRequest`, referrer('referrer_type', 'record.cid'))),
  },
  [`${store}.SyncService`]: {
    CreateSync: perRequest(
      'admin',
      of(`${store}.CreateSyncRequest`, {
        type: 'sync',
        properties: { remote_directory_url: 'remote_directory_url', cids: 'cids[]' },
      }),
    ),
    ListSyncs: perRequest('admin', of(`${store}.ListSyncsRequest`, { type: 'sync' })),
    GetSync: perRequest('admin', of(`${store}.GetSyncRequest`, { type: 'sync', id: 'sync_id' })),
    DeleteSync: perRequest('admin', of(`${store}.DeleteSyncRequest`, { type: 'sync', id: 'sync_id' })),
    // Hands out registry passwords to a directory that mirrors this one.
    RequestRegistryCredentials: service('sync'),
  },
  [`${routing}.RoutingService`]: {
    Publish: perRequest('publish', publishRequest),
    Unpublish: perRequest('publish', unpublishRequest),
    Search: perMessage(
      'search',
      of(`${routing}.SearchRequest`, query),
      of(`${routing}.SearchResponse`, recordByCid('record_ref.cid')),
    ),
    List: perMessage('search', of(`${routing}.ListRequest`, query), of(`${routing}.ListResponse`, recordByCid('record_ref.cid'))),
    GetProviderCount: perRequest('search', of(`${routing}.GetProviderCountRequest`, { type: 'record', id: 'cid' })),
  },
  [`${routing}.PublicationService`]: {
    CreatePublication: perRequest('publish', publishRequest),
    ListPublications: perRequest('publish', of(`${routing}.ListPublicationsRequest`, { type: 'publication' })),
    GetPublication: perRequest('publish', of(`${routing}.GetPublicationRequest`, { type: 'publication', id: 'publication_id' })),
  },
  [`${search}.SearchService`]: {
    SearchCIDs: perMessage(
      'search',
      of(`${search}.SearchCIDsRequest`, query),
      of(`${search}.SearchCIDsResponse`, recordByCid('record_cid')),
    ),
    SearchRecords: perMessage('search', of(`${search}.SearchRecordsRequest`, query), {
      ...of(`${search}.SearchRecordsResponse`, { type: 'record', properties: recordProperties('record.data') }),
      structs: ['record.data'],
    }),
    CountRecords: perRequest('search', of(`${search}.CountRecordsRequest`, query)),
  },
};

/** Judged by method only: this package does not hold their messages. */
const servicesByMethodOnly: Readonly<Record<string, Readonly<Record<string, MethodRule>>>> = {
  'agntcy.dir.events.v1.EventService': { Listen: service('search') },
  'agntcy.dir.naming.v1.NamingService': { GetVerificationInfo: service('read'), Resolve: service('read') },
  'agntcy.dir.sign.v1.SignService': { Sign: service('write'), Verify: service('read') },
  'agntcy.dir.catalog.v1.AIFinderService': {
    ListAgents: service('search'),
    ListTags: service('search'),
    ExtractTaxonomy: service('search'),
    SearchAgents: service('search'),
    GetAgent: service('read'),
    ExportAgent: service('read'),
    GetWellKnownCatalog: service('read'),
  },
  'agntcy.dir.runtime.v1.DiscoveryService': { GetWorkload: service('read'), ListWorkloads: service('search') },
};

/**
 * The class, the resources and the phases of every method of an AGNTCY Directory: 37 methods in ten services. Pass it to
 * `createGuard`. A method of a newer Directory that is not in it is refused.
 */
export const directoryCatalogue: Catalogue = new Map(
  Object.entries({ ...servicesWithMessageRules, ...servicesByMethodOnly }).flatMap(([name, methods]) =>
    Object.entries(methods).map(([method, rule]) => [`/${name}/${method}`, rule] as const),
  ),
);
