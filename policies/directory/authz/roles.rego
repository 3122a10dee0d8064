package directory.authz

# METADATA
# title: Classes
# description: Every class that the catalogue gives to a method.
classes := {"read", "search", "write", "delete", "publish", "sync", "admin"}

# METADATA
# title: Roles
# description: The classes that a role covers.
classes_of_role := {
	"reader": {"read"},
	"searcher": {"search"},
	"publisher": {"write", "publish", "delete"},
	"syncer": {"sync"},
	"admin": classes,
}
