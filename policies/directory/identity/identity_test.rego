package directory.identity_test

import data.directory.identity

test_kinds[path] if {
	some path, expected in {
		"agent/a1": {"type": "agent", "attributes": {"agent": "a1"}},
		"agent/a.b": {"type": "agent", "attributes": {"agent": "a.b"}},
		"agent/executor": {"type": "agent", "attributes": {"agent": "executor"}},
		"agent/executor/tools": {"type": "executor", "attributes": {"executor": "tools"}},
		"service/ingest": {"type": "service", "attributes": {"service": "ingest"}},
		"ns/prod/sa/web": {"type": "service_account", "attributes": {"namespace": "prod", "service_account": "web"}},
		"agent": {"type": "workload", "attributes": {}},
		"Agent/a1": {"type": "workload", "attributes": {}},
		"agent/a1/b": {"type": "workload", "attributes": {}},
		"agent/executor/tools/x": {"type": "workload", "attributes": {}},
		"service/ingest/x": {"type": "workload", "attributes": {}},
		"ns/prod/web": {"type": "workload", "attributes": {}},
		"ns/prod/sa/web/x": {"type": "workload", "attributes": {}},
		"publisher/acme": {"type": "workload", "attributes": {}},
	}
	identity.of(split(path, "/")) == expected
}

test_a_trust_domain_is_a_workload if identity.of([]) == {"type": "workload", "attributes": {}}

test_the_caller_is_read_from_the_input if {
	identity.subject.type == "agent" with input.subject.properties.path as ["agent", "a1"]
}

test_without_a_path_there_is_no_caller if {
	not identity.subject with input as {}
}
