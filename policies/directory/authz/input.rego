package directory.authz

phases := {"call", "request"}

resource_types := {"service", "record", "referrer", "selection", "query", "sync", "publication"}

# METADATA
# scope: document
# title: Unknown input
# description: What of the input these rules do not know. Anything in it denies.
unknown contains "unknown_subject_type" if not subject_type_known

unknown contains "unknown_phase" if not phase_known

unknown contains "unknown_class" if not class_known

unknown contains "unknown_resource_type" if not resource_type_known

subject_type_known if input.subject.type == "workload"

phase_known if input.action.properties.phase in phases

phase_known if {
	filters_responses
	input.action.properties.phase == "response"
	input.action.properties.class in {"read", "search"}
}

class_known if input.action.properties.class in classes

resource_type_known if input.resource.type in resource_types
