#!/bin/sh
# A seat is ready when its student could start: an account with a home of its own, a shell, an address.
fail() {
	echo "$1" >&2
	exit 1
}

id student >/dev/null 2>&1 || fail "there is no account student"
[ "$(stat -c %U /home/student 2>/dev/null)" = student ] ||
	fail "/home/student does not belong to student"
grep -q '10\.10\.0\.10$' /proc/net/fib_trie || fail "the address 10.10.0.10 is not set"
