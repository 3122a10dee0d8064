package directory.authz_test

import data.decision_table
import data.directory.authz

test_decision_table[example.note] if {
	some example in decision_table.cases
	decision := authz.decision with input as input_of(decision_table, example)
		with data.directory.grants as decision_table.grants
	decision == {"allow": example.allow, "reasons": example.reasons}
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
