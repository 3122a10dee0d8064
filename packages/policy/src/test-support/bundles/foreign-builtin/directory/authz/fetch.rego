package directory.authz

# METADATA
# entrypoint: true
decision := http.send({"method": "GET", "url": input.context.url}).body
