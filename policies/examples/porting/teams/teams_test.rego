package teams_test

import data.teams

# The tests that the policy came with: they do not know where it runs now.

agent := {"id": "a1", "type": "agent", "role": "publisher"}

service(role) := {"id": "web", "type": "service", "role": role}

test_an_agent_creates_what_it_owns if {
	teams.allow({"subject": agent, "action": "create", "resource": {"owner": "a1"}})
}

test_an_agent_creates_nothing_of_another if {
	not teams.allow({"subject": agent, "action": "create", "resource": {"owner": "a2"}})
}

test_an_agent_that_only_publishes_does_not_list if {
	not teams.allow({"subject": agent, "action": "list", "resource": {"owner": "a1"}})
}

test_a_reader_lists if {
	teams.allow({"subject": service("reader"), "action": "list", "resource": {"owner": "a1"}})
}

test_an_admin_deletes if {
	teams.allow({"subject": service("admin"), "action": "delete", "resource": {"owner": "a1"}})
}
