package directory.authz_test

import data.directory.authz

grants := {"ids": {
	"spiffe://directory.example/agent/a1": [{"roles": ["publisher"]}],
	"spiffe://directory.example/service/web": [{"roles": ["reader", "publisher"]}],
	"spiffe://directory.example/service/root": [{"roles": ["admin"]}],
	"spiffe://directory.example/agent/limited": [{"roles": ["admin"], "names": ["directory.example/limited"]}],
	"spiffe://partner.example/agent/a1": [{"roles": ["publisher"]}],
}}

input_of(trust_domain, path, class, phase, name) := {
	"subject": {
		"id": concat("/", array.concat(["spiffe:/", trust_domain], path)),
		"properties": {"path": path, "federated": trust_domain != "directory.example"},
	},
	"action": {"properties": {"class": class, "phase": phase}},
	"resource": {"type": "record", "properties": {"name": name}},
}

# Each trust domain may have an agent of this name. A grant gives the other one no records of ours.
test_an_agent_of_another_trust_domain_owns_nothing_of_its_namesake if {
	name := "directory.example/a1/weather"
	every trust_domain, allow in {"directory.example": true, "partner.example": false} {
		decision := authz.decision with input as input_of(trust_domain, ["agent", "a1"], "write", "request", name)
			with data.directory.grants as grants
		decision.allow == allow
	}
}

test_ported[note] if {
	some note, example in {
		"an agent may push at all": [["agent", "a1"], "write", "call", "", true],
		"its own": [["agent", "a1"], "write", "request", "directory.example/a1/weather", true],
		"its own name itself": [["agent", "a1"], "write", "request", "directory.example/a1", true],
		"another's": [["agent", "a1"], "write", "request", "directory.example/a2/weather", false],
		"out of its own": [["agent", "a1"], "write", "request", "directory.example/a1/../a2", false],
		"elsewhere": [["agent", "a1"], "write", "request", "other.example/a1/weather", false],
		"a response is not asked about": [["agent", "a1"], "write", "response", "directory.example/a1/weather", false],
		"a publisher that is no agent": [["service", "web"], "write", "call", "", false],
		"a reader lists": [["service", "web"], "search", "call", "", true],
		"an admin deletes": [["service", "root"], "delete", "request", "directory.example/a1/weather", true],
		"a class without a word": [["service", "root"], "sync", "call", "", false],
		"a grant with a condition": [["agent", "limited"], "write", "request", "directory.example/limited/x", false],
		"nobody": [["agent", "a2"], "read", "call", "", false],
	}
	[path, class, phase, name, allow] := example
	reason := {true: "teams_allow", false: "teams_deny"}[allow]
	decision := authz.decision with input as input_of("directory.example", path, class, phase, name)
		with data.directory.grants as grants
	decision == {"allow": allow, "reasons": [reason]}
}
