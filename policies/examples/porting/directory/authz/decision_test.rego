package directory.authz_test

import data.directory.authz

grants := {"ids": {
	"spiffe://directory.example/agent/a1": [{"roles": ["publisher"]}],
	"spiffe://directory.example/service/web": [{"roles": ["reader", "publisher"]}],
	"spiffe://directory.example/service/root": [{"roles": ["admin"]}],
	"spiffe://directory.example/agent/limited": [{"roles": ["admin"], "names": ["directory.example/limited"]}],
}}

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
	decision := authz.decision with input as {
		"subject": {"id": concat("/", array.concat(["spiffe://directory.example"], path)), "properties": {"path": path}},
		"action": {"properties": {"class": class, "phase": phase}},
		"resource": {"type": "record", "properties": {"name": name}},
	}
		with data.directory.grants as grants
	decision == {"allow": allow, "reasons": [reason]}
}
