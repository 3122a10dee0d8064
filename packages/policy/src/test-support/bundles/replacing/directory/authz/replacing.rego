package directory.authz

# METADATA
# entrypoint: true
decision := {"allow": replace(input.x, input.y, "") == "x", "reasons": []}
