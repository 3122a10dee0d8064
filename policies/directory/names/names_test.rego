package directory.names_test

import data.directory.names

test_plain[name] if {
	some name in ["a", "a/b", "a.b/c..d", ".a/b.", "...", "https://a.example/b", ""]
	names.plain(name)
}

test_not_plain[name] if {
	some name in [".", "..", "./a", "../a", "a/.", "a/..", "a/./b", "a/../b"]
	not names.plain(name)
}

test_lies_under[name] if {
	some name in ["a/b", "a/b/c", "a/b//c"]
	names.lies_under(name, "a/b")
}

test_lies_elsewhere[name] if {
	some name in ["a", "a/", "a/bc", "a/b.c", "a/B", "b/a/b", ""]
	not names.lies_under(name, "a/b")
}
