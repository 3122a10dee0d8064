package directory.authz

# METADATA
# entrypoint: true
decision := {"allow": count(regex.split("(a+)+$", input.x)) == 1, "reasons": []}
