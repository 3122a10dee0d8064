package directory.authz

# A grant's prefix has at most as many segments (grants.schema.json says the same), so that a long path costs little.
max_prefix_segments := 16

# METADATA
# title: Grants of the subject
# description: >-
#   By exact ID, by path prefix on a segment boundary, by trust domain. Each is one lookup: the number of grants does
#   not matter. A federated subject has grants only where one names its own trust domain.
subject_grants := [grant |
	some found in [grants_by_id, grants_by_prefix, grants_by_trust_domain]
	some grant in found
]

# METADATA
# description: The subject's grants with a role that covers what is asked, for this method.
covering_grants := [grant |
	some grant in subject_grants
	covers(grant, asked_class)
	method_holds(grant)
]

# METADATA
# scope: document
# title: The class that a role must cover
# description: The class of the action. A response is judged as if what it holds were read, by whatever call it comes.
asked_class := "read" if input.action.properties.phase == "response"

asked_class := input.action.properties.class if input.action.properties.phase != "response"

grants_by_id := [grant | some grant in data.directory.grants.ids[input.subject.id]]

grants_by_trust_domain := [grant |
	some grant in data.directory.grants.trust_domains[input.subject.properties.trust_domain]
]

grants_by_prefix := [grant |
	data.directory.grants.path_prefixes
	segments := array.concat(["spiffe:/", input.subject.properties.trust_domain], input.subject.properties.path)
	some index, _ in input.subject.properties.path
	index < max_prefix_segments
	prefix := concat("/", array.slice(segments, 0, index + 3))
	some grant in data.directory.grants.path_prefixes[prefix]
]

covers(grant, class) if {
	some role in grant.roles
	class in classes_of_role[role]
}

method_holds(grant) if not grant.methods

method_holds(grant) if input.action.name in grant.methods
