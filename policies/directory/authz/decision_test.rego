package directory.authz_test

import data.decision_table
import data.directory.authz

test_decision_table[example.note] if {
	some example in decision_table.cases
	decision := authz.decision with input as input_of(decision_table, example)
		with data.directory.grants as decision_table.grants
	decision == {"allow": example.allow, "reasons": example.reasons}
}

test_filtered_decisions[example.note] if {
	some example in decision_table.filtered_cases
	decision := authz.decision with input as input_of(decision_table, example)
		with data.directory.grants as decision_table.grants
		with data.directory.filters_responses as true
	decision == {"allow": example.allow, "reasons": example.reasons}
}

# Filtering is about what is found: it changes nothing else.
test_filtering_leaves_the_rest_alone if {
	every example in decision_table.cases {
		input_value := input_of(decision_table, example)
		plain := authz.decision with input as input_value with data.directory.grants as decision_table.grants
		filtered := authz.decision with input as input_value
			with data.directory.grants as decision_table.grants
			with data.directory.filters_responses as true
		same_unless_found(example, plain, filtered)
	}
}

test_only_true_filters_responses if {
	example := {"subject": "admin", "action": "pull", "phase": "response", "resource": "acme"}
	every value in [false, "true", 1, null] {
		decision := authz.decision with input as input_of(decision_table, example)
			with data.directory.grants as decision_table.grants
			with data.directory.filters_responses as value
		decision == {"allow": false, "reasons": ["unknown_phase"]}
	}
}

# The schema refuses such grants; grants that were checked against a newer one may have them.
test_an_unknown_condition_never_holds if {
	grants := {"ids": {"spiffe://directory.example/nobody": [{"roles": ["admin"], "novel": true}]}}
	every action, phase in {"push": "request", "pull": "call", "search": "call"} {
		example := {"subject": "nobody", "action": action, "phase": phase, "resource": "acme"}
		decision := authz.decision with input as input_of(decision_table, example) with data.directory.grants as grants
		not decision.allow
		"unknown_condition" in decision.reasons
	}
}

# The schema refuses a longer prefix, and so a long path costs no more than that.
test_a_prefix_has_at_most_sixteen_segments if {
	every length, expected in {16: ["role_reader"], 17: ["no_grant"]} {
		segments := ["x" | some _ in numbers.range(1, length)]
		prefix := concat("/", array.concat(["spiffe://directory.example"], segments))
		asked := {
			"subject": {
				"type": "workload",
				"id": concat("/", [prefix, "y"]),
				"properties": {"trust_domain": "directory.example", "path": array.concat(segments, ["y"])},
			},
			"action": {"name": "/s/Pull", "properties": {"class": "read", "phase": "call"}},
			"resource": {"type": "service"},
		}
		decision := authz.decision with input as asked
			with data.directory.grants as {"path_prefixes": {prefix: [{"roles": ["reader"]}]}}
		decision.reasons == expected
	}
}

test_empty_input_is_denied if {
	decision := authz.decision with input as {} with data.directory.grants as decision_table.grants
	decision == {
		"allow": false,
		"reasons": ["no_grant", "unknown_class", "unknown_phase", "unknown_resource_type", "unknown_subject_type"],
	}
}

test_without_grants_everything_is_denied if {
	every example in decision_table.cases {
		decision := authz.decision with input as input_of(decision_table, example)
		not decision.allow
		"no_grant" in decision.reasons
	}
}

same_unless_found(_, plain, filtered) if plain == filtered

same_unless_found(example, _, _) if example.phase == "response"

same_unless_found(example, _, _) if decision_table.actions[example.action].class == "search"

input_of(table, example) := {
	"subject": table.subjects[example.subject],
	"action": {
		"name": sprintf("/%s/%s", [action.service, action.method]),
		"properties": object.union(action, {"phase": example.phase}),
	},
	"resource": table.resources[example.resource],
	"context": {
		"server": {"id": "spiffe://directory.example/dir", "trust_domain": "directory.example"},
		"time_ms": 1795330350000,
		"peer_address": "127.0.0.1",
	},
} if {
	action := table.actions[example.action]
}
