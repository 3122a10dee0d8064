package directory.authz

# METADATA
# title: Whether responses are filtered
# description: The data of directory-filtered.tar.gz says so. The other bundle is not asked about responses.
filters_responses if data.directory.filters_responses == true

# METADATA
# scope: document
# title: Searching past what may be read
# description: >-
#   A search that answers with what it finds, whatever its name, takes a grant to read without conditions. Where
#   responses are filtered, each record found is judged, and any grant to read will do. What only counts records, or
#   cannot be filtered, would tell of those that are left out: there it takes a grant to read without conditions.
search_exceeds_reading if {
	not filters_responses
	input.action.properties.class == "search"
	not input.action.name in finding_methods
	not reads_every_record
}

search_exceeds_reading if {
	filters_responses
	input.action.properties.class == "search"
	not reads_what_is_found
}

reads_what_is_found if reads_every_record

reads_what_is_found if {
	input.action.name in filtered_methods
	some grant in reading_grants
	not grant.referrer_types
}

reads_every_record if {
	some grant in reading_grants
	not limited(grant)
}

reading_grants := [grant |
	some grant in subject_grants
	covers(grant, "read")
	method_holds(grant)
]
