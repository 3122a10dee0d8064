# METADATA
# title: Names of records
# description: Prefixes that end where a segment ends.
package directory.names

# METADATA
# title: A name that means what it says
# description: >-
#   It has no segment `.` or `..`: whoever resolves one finds the name elsewhere, so it lies outside of every prefix.
plain(name) if {
	# Not with split: the name is the caller's, and each of its slashes would take time and memory.
	slashed := concat("", ["/", name, "/"])
	not contains(slashed, "/./")
	not contains(slashed, "/../")
}

# METADATA
# scope: document
# title: A name at or below a prefix
# description: The name is the prefix, or goes on behind it with a slash. Ask for a plain name first.
lies_under(name, prefix) if name == prefix

lies_under(name, prefix) if startswith(name, concat("", [prefix, "/"]))
