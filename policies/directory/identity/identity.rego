# METADATA
# title: Workload identities
# description: >-
#   What kind of workload a SPIFFE ID names, by the path conventions of an AGNTCY Directory and of Kubernetes. A path is
#   read whole: one segment more or less is another kind.
# schemas:
#   - input: schema["decision-input.schema"]
package directory.identity

# METADATA
# title: The caller
# description: The kind of the caller and its attributes, as `of` reads them out of its path.
subject := of(input.subject.properties.path)

# METADATA
# scope: document
# title: The kind of a workload and its attributes
# description: >-
#   /agent/<id> is an agent, /agent/executor/<type> an executor, /service/<name> a service, and /ns/<ns>/sa/<sa> a
#   Kubernetes service_account. Any other path is a workload without attributes.
default of(_) := {"type": "workload", "attributes": {}}

of(["agent", id]) := {"type": "agent", "attributes": {"agent": id}}

of(["agent", "executor", type]) := {"type": "executor", "attributes": {"executor": type}}

of(["service", name]) := {"type": "service", "attributes": {"service": name}}

of(["ns", namespace, "sa", account]) := {
	"type": "service_account",
	"attributes": {"namespace": namespace, "service_account": account},
}
