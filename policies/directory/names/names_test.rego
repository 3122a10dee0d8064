package directory.names_test

import data.directory.names

test_plain[name] if {
	some name in ["a", "a/b", "a.b/c..d", ".a/b.", "...", "https://a.example/b", "a%20b/c", "a%", ""]
	names.plain(name)
}

test_not_plain[name] if {
	some name in [".", "..", "./a", "../a", "a/.", "a/..", "a/./b", "a/../b"]
	not names.plain(name)
}

# What `new URL` of a browser or of Node finds elsewhere.
test_not_plain_as_a_url[name] if {
	some name in [
		"a/%2e%2e/b",
		"a/.%2E/b",
		"a/%2E",
		"a%2f..%2fb",
		"a/x%5C..",
		"a\\..\\b",
		"a/.\t./b",
		"a/.\n./b",
		"a/.\r./b",
	]
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
