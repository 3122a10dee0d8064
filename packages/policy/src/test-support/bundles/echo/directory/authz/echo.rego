package directory.authz

# Answers what the input says; a conflict aborts the evaluation, and `numbers` is how many it makes room for.
# METADATA
# entrypoint: true
decision := input.answer if {
	not input.conflict
	count(numbers.range(1, object.get(input, "numbers", 1))) > 0
}

decision := 1 if input.conflict

decision := 2 if input.conflict
