# METADATA
# title: A policy of another shape, carried over
# description: >-
#   Says what the old policy's words mean here, asks it, and answers in the shape that is asked for.
# schemas:
#   - input: schema["decision-input.schema"]
#   - data.directory.grants: schema["grants.schema"]
package directory.authz

import data.directory.identity
import data.directory.names
import data.teams

# METADATA
# title: Decision
# entrypoint: true
decision := {"allow": allow, "reasons": reasons}

# METADATA
# scope: document
# description: Whether the old policy allows it for one of the caller's roles.
default allow := false

allow if {
	some role in roles
	teams.allow(object.union(ask, {"subject": {"role": role}}))
}

# METADATA
# scope: document
# description: The old policy says no more than yes or no.
reasons := ["teams_allow"] if allow

reasons := ["teams_deny"] if not allow

# METADATA
# description: Roles stay with the operator, in grants.yaml. Only grants by exact ID count here.
roles contains role if {
	some grant in data.directory.grants.ids[input.subject.id]
	count(grant) == 1 # a condition is nothing that the old policy would know
	some role in grant.roles
}

# METADATA
# description: The old question, but for the role. Undefined, and so not allowed, where it has no word for the action.
ask := {
	"subject": {"id": subject_id, "type": identity.subject.type},
	"action": verbs[input.action.properties.class],
	"resource": {"owner": owner},
}

verbs := {"read": "read", "search": "list", "write": "create", "delete": "delete"}

# Agents were known by their bare ID; those of another trust domain are not these. A SPIFFE ID looks like none.
subject_id := identity.subject.attributes.agent if own_agent

subject_id := input.subject.id if not own_agent

own_agent if {
	input.subject.properties.federated == false
	identity.subject.type == "agent"
}

# Who owns a record is in its name: directory.example/<owner>/... No identity has a blank in it.
default owner := "nobody knows"

owner := substring(rest, 0, indexof(rest, "/")) if {
	input.action.properties.phase == "request"
	names.plain(input.resource.properties.name)
	startswith(input.resource.properties.name, "directory.example/")
	rest := trim_prefix(input.resource.properties.name, "directory.example/")
}

# Before any message nothing has an owner: would it be allowed on what is the caller's own?
owner := subject_id if input.action.properties.phase == "call"
