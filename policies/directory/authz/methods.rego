package directory.authz

# METADATA
# title: Methods that are judged message by message
# description: >-
#   By full method name, what their request messages name. A grant that is limited to some records lets such a call
#   start, because each message is judged. Every other method, and what a newer Directory adds, takes a grant without
#   conditions.
judged_methods := {
	"/agntcy.dir.store.v1.StoreService/Push": "record",
	"/agntcy.dir.store.v1.StoreService/Pull": "record",
	"/agntcy.dir.store.v1.StoreService/Lookup": "record",
	"/agntcy.dir.store.v1.StoreService/Delete": "record",
	"/agntcy.dir.store.v1.StoreService/PushReferrer": "referrer",
	"/agntcy.dir.store.v1.StoreService/PullReferrer": "referrer",
	"/agntcy.dir.store.v1.StoreService/DeleteReferrer": "referrer",
	"/agntcy.dir.routing.v1.RoutingService/Publish": "record",
	"/agntcy.dir.routing.v1.RoutingService/Unpublish": "record",
	"/agntcy.dir.routing.v1.PublicationService/CreatePublication": "record",
	"/agntcy.dir.routing.v1.PublicationService/ListPublications": "publication",
	"/agntcy.dir.routing.v1.PublicationService/GetPublication": "publication",
}

# METADATA
# title: Methods that search and answer with a record or its CID in each message
# description: Where responses are filtered, each record that these find is judged as if it were read.
filtered_methods := {
	"/agntcy.dir.search.v1.SearchService/SearchCIDs",
	"/agntcy.dir.search.v1.SearchService/SearchRecords",
	"/agntcy.dir.routing.v1.RoutingService/Search",
	"/agntcy.dir.routing.v1.RoutingService/List",
}

# METADATA
# title: Searches that answer with CIDs, counts or tags
# description: >-
#   The role to search is enough for these. Every other search, and what a newer Directory adds, answers with what it
#   finds: whole records (SearchRecords), catalogue entries (ListAgents), workloads with their records (ListWorkloads).
finding_methods := {
	"/agntcy.dir.search.v1.SearchService/SearchCIDs",
	"/agntcy.dir.search.v1.SearchService/CountRecords",
	"/agntcy.dir.routing.v1.RoutingService/Search",
	"/agntcy.dir.routing.v1.RoutingService/List",
	"/agntcy.dir.routing.v1.RoutingService/GetProviderCount",
	"/agntcy.dir.events.v1.EventService/Listen",
	"/agntcy.dir.catalog.v1.AIFinderService/ListTags",
	"/agntcy.dir.catalog.v1.AIFinderService/ExtractTaxonomy",
}
