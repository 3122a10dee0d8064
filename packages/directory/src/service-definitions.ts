import { serviceDefinition } from '@dirgate/service-definition';
import { PublicationService } from './gen/agntcy/dir/routing/v1/publication_service_pb.js';
import { RoutingService } from './gen/agntcy/dir/routing/v1/routing_service_pb.js';
import { SearchService } from './gen/agntcy/dir/search/v1/search_service_pb.js';
import { StoreService } from './gen/agntcy/dir/store/v1/store_service_pb.js';
import { SyncService } from './gen/agntcy/dir/store/v1/sync_service_pb.js';

/** `agntcy.dir.store.v1.StoreService` for grpc-js and nice-grpc, clients and servers. */
export const StoreServiceDefinition = serviceDefinition(StoreService);

/** `agntcy.dir.store.v1.SyncService` for grpc-js and nice-grpc, clients and servers. */
export const SyncServiceDefinition = serviceDefinition(SyncService);

/** `agntcy.dir.routing.v1.RoutingService` for grpc-js and nice-grpc, clients and servers. */
export const RoutingServiceDefinition = serviceDefinition(RoutingService);

/** `agntcy.dir.routing.v1.PublicationService` for grpc-js and nice-grpc, clients and servers. */
export const PublicationServiceDefinition = serviceDefinition(PublicationService);

/** `agntcy.dir.search.v1.SearchService` for grpc-js and nice-grpc, clients and servers. */
export const SearchServiceDefinition = serviceDefinition(SearchService);
