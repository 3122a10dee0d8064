package directory.authz

# METADATA
# title: No paging past what is left out
# description: >-
#   One rule more than directory-filtered.tar.gz has. Whoever may read some records only may not ask for so many
#   results, or skip some: a page that comes back short would tell how many were left out.
search_exceeds_reading if {
	input.action.properties.phase == "request"
	input.action.properties.class == "search"
	paged
	not reads_every_record
}

paged if input.resource.properties.limit

paged if input.resource.properties.offset
