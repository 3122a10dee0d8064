package directory.authz_test

import data.directory.authz

test_paging_takes_a_grant_to_read_without_conditions[note] if {
	limited := [{"roles": ["searcher", "reader"], "names": ["directory.example/acme"]}]
	some note, example in {
		"all that a limited reader may find": [limited, {}, ["role_searcher"]],
		"so many of it": [limited, {"limit": 10}, ["search_exceeds_reading"]],
		"the rest of it": [limited, {"offset": 10}, ["search_exceeds_reading"]],
		"so many of everything": [[{"roles": ["searcher", "reader"]}], {"limit": 10, "offset": 10}, ["role_searcher"]],
	}
	[grants, properties, reasons] := example
	decision := authz.decision with input as asked("search", {"type": "query", "properties": properties})
		with data.directory.grants.ids as {"spiffe://directory.example/x": grants}
		with data.directory.filters_responses as true
	decision.reasons == reasons
}

test_paging_is_no_matter_of_other_lists if {
	decision := authz.decision with input as asked("admin", {"type": "sync", "properties": {"limit": 10}})
		with data.directory.grants.ids as {"spiffe://directory.example/x": [{"roles": ["admin"]}]}
	decision.reasons == ["role_admin"]
}

asked(class, resource) := {
	"subject": {"type": "workload", "id": "spiffe://directory.example/x", "properties": {"path": ["x"]}},
	"action": {
		"name": "/agntcy.dir.search.v1.SearchService/SearchCIDs",
		"properties": {"class": class, "phase": "request"},
	},
	"resource": resource,
}
