# METADATA
# title: Directory authorization
# description: >-
#   Rules and roles for the gRPC services of a Directory. Who holds which role is the operator's
#   (data.directory.grants); without grants everything is denied.
# schemas:
#   - input: schema["decision-input.schema"]
#   - data.directory.grants: schema["grants.schema"]
package directory.authz

# METADATA
# title: Decision
# description: Whether the subject may take the action on the resource, and why. Reasons are stable codes, sorted.
# entrypoint: true
decision := {"allow": allow, "reasons": sort(reasons)}

# METADATA
# scope: document
# description: True when at least one grant of the subject allows. False on anything missing or unknown.
default allow := false

allow if count(allowing_roles) > 0

# METADATA
# scope: document
# description: role_<role> for every role that allows, or why none does.
reasons contains concat("_", ["role", role]) if some role in allowing_roles

reasons contains code if {
	not allow
	some code in denials
}

# METADATA
# description: The roles by which the subject may do this.
allowing_roles contains role if {
	count(unknown) == 0
	not search_exceeds_reading
	some grant in covering_grants
	grant_holds(grant)
	some role in grant.roles
	asked_class in classes_of_role[role]
}

# METADATA
# scope: document
# description: Why no grant allows, when none does.
denials contains code if some code in unknown

denials contains "no_grant" if count(subject_grants) == 0

denials contains "role_lacks_class" if {
	count(unknown) == 0
	count(subject_grants) > 0
	not some_role_covers_class
}

denials contains "method_outside_grant" if {
	count(unknown) == 0
	count(covering_grants) == 0
	some_role_covers_class
}

denials contains code if {
	count(unknown) == 0
	some code in objections
}

denials contains "search_exceeds_reading" if {
	count(covering_grants) > 0
	search_exceeds_reading
}

some_role_covers_class if {
	some grant in subject_grants
	covers(grant, asked_class)
}
