export { directoryCatalogue } from './directory-catalogue.js';
export type { NamedRecordRef, Record, RecordMeta, RecordRef } from './gen/agntcy/dir/core/v1/record_pb.js';
export { NamedRecordRefSchema, RecordMetaSchema, RecordRefSchema, RecordSchema } from './gen/agntcy/dir/core/v1/record_pb.js';
export type { RecordReferrer, ReferrerRef } from './gen/agntcy/dir/core/v1/referrer_pb.js';
export { RecordReferrerSchema, ReferrerRefSchema } from './gen/agntcy/dir/core/v1/referrer_pb.js';
export type { Peer } from './gen/agntcy/dir/routing/v1/peer_pb.js';
export { PeerConnectionType, PeerSchema } from './gen/agntcy/dir/routing/v1/peer_pb.js';
export type {
  CreatePublicationResponse,
  GetPublicationRequest,
  GetPublicationResponse,
  ListPublicationsItem,
  ListPublicationsRequest,
} from './gen/agntcy/dir/routing/v1/publication_service_pb.js';
export {
  CreatePublicationResponseSchema,
  GetPublicationRequestSchema,
  GetPublicationResponseSchema,
  ListPublicationsItemSchema,
  ListPublicationsRequestSchema,
  PublicationService,
  PublicationStatus,
} from './gen/agntcy/dir/routing/v1/publication_service_pb.js';
export type { RecordQuery as RoutingRecordQuery } from './gen/agntcy/dir/routing/v1/record_query_pb.js';
export {
  RecordQuerySchema as RoutingRecordQuerySchema,
  RecordQueryType as RoutingRecordQueryType,
} from './gen/agntcy/dir/routing/v1/record_query_pb.js';
export type {
  GetProviderCountRequest,
  GetProviderCountResponse,
  ListRequest,
  ListResponse,
  PublishRequest,
  RecordQueries,
  RecordRefs,
  SearchRequest,
  SearchResponse,
  UnpublishRequest,
} from './gen/agntcy/dir/routing/v1/routing_service_pb.js';
export {
  GetProviderCountRequestSchema,
  GetProviderCountResponseSchema,
  ListRequestSchema,
  ListResponseSchema,
  PublishRequestSchema,
  RecordQueriesSchema,
  RecordRefsSchema,
  RoutingService,
  SearchRequestSchema,
  SearchResponseSchema,
  UnpublishRequestSchema,
} from './gen/agntcy/dir/routing/v1/routing_service_pb.js';
export type { RecordQuery as SearchRecordQuery } from './gen/agntcy/dir/search/v1/record_query_pb.js';
export {
  RecordQuerySchema as SearchRecordQuerySchema,
  RecordQueryType as SearchRecordQueryType,
  SortMode,
} from './gen/agntcy/dir/search/v1/record_query_pb.js';
export type {
  CountRecordsRequest,
  CountRecordsResponse,
  SearchCIDsRequest,
  SearchCIDsResponse,
  SearchRecordsRequest,
  SearchRecordsResponse,
} from './gen/agntcy/dir/search/v1/search_service_pb.js';
export {
  CountRecordsRequestSchema,
  CountRecordsResponseSchema,
  SearchCIDsRequestSchema,
  SearchCIDsResponseSchema,
  SearchRecordsRequestSchema,
  SearchRecordsResponseSchema,
  SearchService,
} from './gen/agntcy/dir/search/v1/search_service_pb.js';
export type {
  DeleteReferrerRequest,
  DeleteReferrerResponse,
  PullReferrerRequest,
  PullReferrerResponse,
  PushReferrerRequest,
  PushReferrerResponse,
} from './gen/agntcy/dir/store/v1/store_service_pb.js';
export {
  DeleteReferrerRequestSchema,
  DeleteReferrerResponseSchema,
  PullReferrerRequestSchema,
  PullReferrerResponseSchema,
  PushReferrerRequestSchema,
  PushReferrerResponseSchema,
  StoreService,
} from './gen/agntcy/dir/store/v1/store_service_pb.js';
export type {
  BasicAuthCredentials,
  CreateSyncRequest,
  CreateSyncResponse,
  DeleteSyncRequest,
  DeleteSyncResponse,
  GetSyncRequest,
  GetSyncResponse,
  ListSyncsItem,
  ListSyncsRequest,
  RequestRegistryCredentialsRequest,
  RequestRegistryCredentialsResponse,
} from './gen/agntcy/dir/store/v1/sync_service_pb.js';
export {
  BasicAuthCredentialsSchema,
  CreateSyncRequestSchema,
  CreateSyncResponseSchema,
  DeleteSyncRequestSchema,
  DeleteSyncResponseSchema,
  GetSyncRequestSchema,
  GetSyncResponseSchema,
  ListSyncsItemSchema,
  ListSyncsRequestSchema,
  RequestRegistryCredentialsRequestSchema,
  RequestRegistryCredentialsResponseSchema,
  SyncService,
  SyncStatus,
} from './gen/agntcy/dir/store/v1/sync_service_pb.js';
export {
  PublicationServiceDefinition,
  RoutingServiceDefinition,
  SearchServiceDefinition,
  StoreServiceDefinition,
  SyncServiceDefinition,
} from './service-definitions.js';
