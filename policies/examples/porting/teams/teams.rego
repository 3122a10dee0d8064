# METADATA
# title: A policy of the shape that many services have
# description: >-
#   Asked with {subject: {id, type, role}, action, resource: {owner}}. Carried over word by word; `input` became `ask`.
package teams

# METADATA
# scope: document
# description: Readers list and read; agents with the role publisher change what they own; admins do everything.
default allow(_) := false

allow(ask) if ask.subject.role == "admin"

allow(ask) if {
	ask.subject.role == "reader"
	ask.action in {"read", "list"}
}

allow(ask) if {
	ask.subject.type == "agent"
	ask.subject.role == "publisher"
	ask.action in {"create", "delete"}
	ask.resource.owner == ask.subject.id
}
