# METADATA
# title: Names of records
# description: Prefixes that end where a segment ends.
package directory.names

# METADATA
# title: A name that means what it says
# description: >-
#   It has no segment `.` or `..`, and nothing that whoever reads it as a URL takes for a part of one: who resolves it
#   finds the name elsewhere, so it lies outside of every prefix.
plain(name) if {
	# Not with split: the name is the caller's, and each of its slashes would take time and memory.
	slashed := concat("", ["/", name, "/"])
	not contains(slashed, "/./")
	not contains(slashed, "/../")
	not disguised(name)
}

# A URL parser drops these, or takes a backslash for a slash.
disguised(name) if {
	some character in ["\\", "\t", "\n", "\r"]
	contains(name, character)
}

# An encoded dot, slash or backslash.
disguised(name) if {
	contains(name, "%")
	some code in ["%2e", "%2f", "%5c"]
	contains(lower(name), code)
}

# METADATA
# scope: document
# title: A name at or below a prefix
# description: The name is the prefix, or goes on behind it with a slash. Ask for a plain name first.
lies_under(name, prefix) if name == prefix

lies_under(name, prefix) if startswith(name, concat("", [prefix, "/"]))
