#!/bin/sh
# SPDX-License-Identifier: MIT
# mirage-demo with bad arguments: a clear message, the right exit status, and no GPU needed.
# usage: arguments.sh MIRAGE-DEMO
demo=$1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

# expect STATUS TEXT ARGUMENT...: run the demo; its status and a part of what it says
expect() {
	status=$1
	text=$2
	shift 2
	output=$("$demo" "$@" 2>&1)
	got=$?
	if [ "$got" != "$status" ]; then
		echo "mirage-demo $*: exit status $got, expected $status" >&2
		failed=1
	fi
	case $output in
	*"$text"*) ;;
	*)
		echo "mirage-demo $*: said '$output', expected '$text'" >&2
		failed=1
		;;
	esac
}

: >"$dir/empty"
truncate -s 5M "$dir/large"

expect 0 'usage: mirage-demo' --help
expect 2 'usage: mirage-demo' --nonsense
expect 2 'usage: mirage-demo' one two
expect 1 "cannot open $dir/none" "$dir/none"
expect 1 'is not a file of 1 byte to 4 MiB' "$dir/empty"
expect 1 'is not a file of 1 byte to 4 MiB' "$dir/large"
expect 1 'is not a file of 1 byte to 4 MiB' "$dir"
exit $failed
