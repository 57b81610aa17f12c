#!/bin/sh
# SPDX-License-Identifier: MIT
# mirage-bench with bad arguments: a clear message, the right exit status, and no GPU needed.
# usage: arguments.sh MIRAGE-BENCH
bench=$1
failed=0

# expect STATUS TEXT ARGUMENT...: run the bench; its status and a part of what it says
expect() {
	status=$1
	text=$2
	shift 2
	output=$("$bench" "$@" 2>&1)
	got=$?
	if [ "$got" != "$status" ]; then
		echo "mirage-bench $*: exit status $got, expected $status" >&2
		failed=1
	fi
	case $output in
	*"$text"*) ;;
	*)
		echo "mirage-bench $*: said '$output', expected '$text'" >&2
		failed=1
		;;
	esac
}

expect 0 'usage: mirage-bench' --help
expect 2 'usage: mirage-bench' --nonsense
expect 2 'usage: mirage-bench' file
expect 2 'multiple of 512' --pages 0
expect 2 'multiple of 512' --pages 513
expect 2 'multiple of 512' --pages -512
expect 2 'multiple of 512' --pages 131072
expect 2 'multiple of 512' --pages many
expect 2 'number from 1 to 99' --repeats 0
expect 2 'number from 1 to 99' --repeats 100
exit $failed
