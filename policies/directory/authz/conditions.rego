package directory.authz

import data.directory.names

# METADATA
# title: Conditions of a grant
# description: >-
#   Whether a grant of a covering role holds for the resource. A condition that these rules do not know never holds.
grant_holds(grant) if {
	count(unknown_conditions(grant)) == 0
	conditions_hold(grant)
}

# Searching asks for the role alone.
conditions_hold(_) if asked_class == "search"

conditions_hold(grant) if not limited(grant)

# A grant that is limited to some records holds for those, and for nothing that could reach others unseen.
conditions_hold(grant) if {
	judged_by_record
	names_hold(grant)
	schema_versions_hold(grant)
	referrer_types_hold(grant)
}

# Before any message, it holds where its messages will be judged.
conditions_hold(grant) if {
	input.action.properties.phase == "call"
	may_name(judged_methods[input.action.name], grant)
}

# These messages name no record.
conditions_hold(_) if {
	input.action.properties.phase == "request"
	input.resource.type == "publication"
	judged_methods[input.action.name] == "publication"
}

# METADATA
# scope: document
# description: Why the covering grants that do not hold do not.
objections contains "name_missing" if {
	judged_by_record
	some grant in failing_grants
	grant.names
	not resource_name
}

objections contains "name_outside_grant" if {
	judged_by_record
	resource_name
	some grant in failing_grants
	not names_hold(grant)
}

objections contains "schema_version_missing" if {
	judged_by_record
	some grant in failing_grants
	grant.schema_versions
	not resource_schema_version
}

objections contains "schema_version_outside_grant" if {
	judged_by_record
	resource_schema_version
	some grant in failing_grants
	not schema_versions_hold(grant)
}

objections contains "referrer_type_missing" if {
	judged_by_record
	some grant in failing_grants
	grant.referrer_types
	not resource_referrer_type
}

objections contains "referrer_type_outside_grant" if {
	judged_by_record
	resource_referrer_type
	some grant in failing_grants
	not referrer_types_hold(grant)
}

objections contains "grant_limited_to_records" if {
	not judged_by_record
	count(failing_grants) > 0
}

objections contains "unknown_condition" if {
	some grant in failing_grants
	count(unknown_conditions(grant)) > 0
}

failing_grants := [grant |
	some grant in covering_grants
	not grant_holds(grant)
]

# Whatever limits a grant to some records, also what these rules do not know.
limited(grant) if count(record_conditions(grant)) > 0

record_conditions(grant) := object.keys(grant) - {"roles", "methods"}

unknown_conditions(grant) := record_conditions(grant) - {"names", "schema_versions", "referrer_types"}

judged_by_record if {
	input.action.properties.phase in {"request", "response"}
	input.resource.type in {"record", "referrer"}
}

may_name(_, grant) if not grant.referrer_types

may_name("referrer", _)

names_hold(grant) if not grant.names

names_hold(grant) if {
	names.plain(resource_name)
	some name in grant.names
	names.lies_under(resource_name, prefix_of(name))
}

schema_versions_hold(grant) if not grant.schema_versions

schema_versions_hold(grant) if resource_schema_version in grant.schema_versions

referrer_types_hold(grant) if not grant.referrer_types

referrer_types_hold(grant) if resource_referrer_type in grant.referrer_types

resource_name := name if {
	name := input.resource.properties.name
	is_string(name)
}

resource_schema_version := version if {
	version := input.resource.properties.schema_version
	is_string(version)
}

# A record that says so of itself is none: only a referrer has a type.
resource_referrer_type := type if {
	input.resource.type == "referrer"
	type := input.resource.properties.referrer_type
	is_string(type)
}
