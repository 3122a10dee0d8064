package directory.authz

# METADATA
# entrypoint: true
allow := true
