package directory.authz_test

import data.directory.authz

limited_reader := {"spiffe://directory.example/x": [{
	"roles": ["searcher", "reader"],
	"names": ["directory.example/acme"],
}]}

reader := {"spiffe://directory.example/x": [{"roles": ["searcher", "reader"]}]}

publisher := {"spiffe://directory.example/x": [{"roles": ["publisher"]}]}

test_paging_takes_a_grant_to_read_without_conditions[note] if {
	some note, example in {
		"all that a limited reader may find": [limited_reader, {}, ["role_searcher"]],
		"so many of it": [limited_reader, {"limit": 10}, ["search_exceeds_reading"]],
		"the rest of it": [limited_reader, {"offset": 10}, ["search_exceeds_reading"]],
		"so many of everything": [reader, {"limit": 10, "offset": 10}, ["role_searcher"]],
	}
	[ids, properties, reasons] := example
	decision := authz.decision with input as search("request", {"type": "query", "properties": properties})
		with data.directory.grants.ids as ids
		with data.directory.filters_responses as true
	decision.reasons == reasons
}

test_a_record_that_is_found_is_no_page if {
	found := {"type": "record", "properties": {"name": "directory.example/acme", "limit": 10}}
	decision := authz.decision with input as search("response", found)
		with data.directory.grants.ids as limited_reader
		with data.directory.filters_responses as true
	decision.reasons == ["role_reader"]
}

test_other_lists_are_not_searches if {
	name := "/agntcy.dir.routing.v1.PublicationService/ListPublications"
	listed := {"type": "publication", "properties": {"limit": 10}}
	decision := authz.decision with input as asked({"name": name, "class": "publish", "phase": "request"}, listed)
		with data.directory.grants.ids as publisher
	decision.reasons == ["role_publisher"]
}

search(phase, resource) := asked(
	{
		"name": "/agntcy.dir.search.v1.SearchService/SearchCIDs",
		"class": "search",
		"phase": phase,
	},
	resource,
)

asked(action, resource) := {
	"subject": {"type": "workload", "id": "spiffe://directory.example/x", "properties": {"path": ["x"]}},
	"action": {"name": action.name, "properties": {"class": action.class, "phase": action.phase}},
	"resource": resource,
}
