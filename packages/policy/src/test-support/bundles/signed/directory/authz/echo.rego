package directory.authz

# Answers what the input says; a conflict aborts the evaluation.
# METADATA
# entrypoint: true
decision := input.answer if not input.conflict

decision := 1 if input.conflict

decision := 2 if input.conflict
