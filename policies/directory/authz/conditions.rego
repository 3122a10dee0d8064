package directory.authz

# Services whose messages name records, so that a grant that is limited to some records can be judged.
record_services := {
	"agntcy.dir.store.v1.StoreService",
	"agntcy.dir.routing.v1.RoutingService",
	"agntcy.dir.routing.v1.PublicationService",
	"agntcy.dir.search.v1.SearchService",
}

# METADATA
# scope: document
# title: Conditions of a grant
# description: >-
#   Whether a grant of a covering role holds for the resource. Searching asks for the role alone. A grant that is
#   limited to some records holds for those only, and for nothing that could reach others unseen.
grant_holds(_) if input.action.properties.class == "search"

grant_holds(grant) if not limited(grant)

grant_holds(grant) if {
	judged_by_record
	names_hold(grant)
	schema_versions_hold(grant)
}

grant_holds(_) if judged_elsewhere

# METADATA
# title: Searching past what may be read
# description: >-
#   SearchRecords answers with whole records, whatever their names: it takes a grant to read that is limited to none of
#   them, and to no other method. SearchCIDs, which a limited reader has, names records only.
search_exceeds_reading if {
	input.action.properties.service == "agntcy.dir.search.v1.SearchService"
	input.action.properties.method == "SearchRecords"
	not reads_every_record
}

reads_every_record if {
	some grant in subject_grants
	not limited(grant)
	method_holds(grant)
	some role in grant.roles
	"read" in classes_of_role[role]
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

objections contains "grant_limited_to_records" if {
	not judged_by_record
	count(failing_grants) > 0
}

failing_grants := [grant |
	some grant in covering_grants
	not grant_holds(grant)
]

limited(grant) if grant.names

limited(grant) if grant.schema_versions

judged_by_record if {
	input.action.properties.phase == "request"
	input.resource.type in {"record", "referrer"}
}

# Before any message every grant holds where messages will be judged; these messages name no record.
judged_elsewhere if {
	input.action.properties.phase == "call"
	input.action.properties.service in record_services
}

judged_elsewhere if {
	input.action.properties.phase == "request"
	input.action.properties.service in record_services
	input.resource.type in {"query", "publication"}
}

names_hold(grant) if not grant.names

names_hold(grant) if {
	not has_dot_segment
	some prefix in grant.names
	lies_under(resource_name, prefix)
}

# Whoever resolves such a name finds it elsewhere, so it lies outside of every grant.
# Not with split: the name is the caller's, and each of its slashes would take time and memory.
has_dot_segment if {
	some segment in ["/./", "/../"]
	contains(concat("", ["/", resource_name, "/"]), segment)
}

lies_under(name, prefix) if name == prefix

lies_under(name, prefix) if startswith(name, concat("", [prefix, "/"]))

schema_versions_hold(grant) if not grant.schema_versions

schema_versions_hold(grant) if resource_schema_version in grant.schema_versions

resource_name := name if {
	name := input.resource.properties.name
	is_string(name)
}

resource_schema_version := version if {
	version := input.resource.properties.schema_version
	is_string(version)
}
