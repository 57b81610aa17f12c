# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# ./mirage clean: remove the cache.

cmd_clean() {
	if [ $# -gt 0 ]; then
		printf 'usage: ./mirage clean\n\nRemoves %s: the lab, what was built in it, and its logs.\n' "$cache"
		[ "$1" = --help ] || exit 2
		return
	fi
	if [ ! -d "$cache" ]; then
		note "nothing is cached in $cache"
		return
	fi
	# A directory that is not ours stays: MIRAGE_CACHE may have been set to anything.
	if [ ! -d "$cache/lock" ] || [ ! -d "$cache/log" ]; then
		die "$cache does not look like this command's cache: not removed"
	fi

	local lock fd
	for lock in "$cache"/lock/*; do
		[ -e "$lock" ] || continue
		exec {fd}>>"$lock"
		flock -n "$fd" || die "another mirage is using the cache (it holds $lock): wait for its end, or end it"
	done
	say "removing $cache"
	rm -rf --one-file-system -- "$cache"
}
