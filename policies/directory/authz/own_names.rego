package directory.authz

import data.directory.identity

# One-based, as people count.
path_placeholders := [
	"{path.1}",
	"{path.2}",
	"{path.3}",
	"{path.4}",
	"{path.5}",
	"{path.6}",
	"{path.7}",
	"{path.8}",
	"{path.9}",
]

# METADATA
# scope: document
# title: The prefix that a name of a grant stands for
# description: >-
#   Each segment that is a placeholder becomes a whole segment of the caller's own identity, so that no identity reaches
#   past its boundary. Undefined when the caller's identity has no such part.
prefix_of(name) := name if not contains(name, "{")

prefix_of(name) := concat("/", segments) if {
	contains(name, "{")
	parts := split(name, "/")
	segments := [segment |
		some part in parts
		segment := segment_of(part)
	]
	count(segments) == count(parts)
}

segment_of(part) := part if not startswith(part, "{")

segment_of(part) := own_segments[part] if startswith(part, "{")

own_segments["{trust_domain}"] := input.subject.properties.trust_domain

own_segments[concat("", ["{", attribute, "}"])] := segment if {
	some attribute, segment in identity.subject.attributes
}

own_segments[placeholder] := segment if {
	some index, placeholder in path_placeholders
	segment := input.subject.properties.path[index]
}
