#!/bin/bash
# SPDX-License-Identifier: MIT
# Run the guest tests, in the guest: PER-TEST-TIMEOUT [PATTERN]. igt_runner's results go to the host's directory of this
# run, and so does what is looked at here: that the driver unloads, and, where the kernel can tell, that nothing leaked.
set -uo pipefail

limit=$1
pattern=${2:-}
out=/run/lab
library=/opt/igt/usr/lib/x86_64-linux-gnu
tests=/mirage/build/main/igt-tests

# Last, as nothing runs without the driver. A test may have left it unloaded: then that has been seen to work.
unload() {
	local module why
	for module in mirage hmm_mirror; do
		[ -e "/sys/module/$module" ] || continue
		if ! why=$(rmmod "$module" 2>&1); then
			echo "failed driver-unload ${why//$'\n'/; }"
			return
		fi
	done
	echo "passed driver-unload"
}

# kmemleak takes a block for leaked that it found no pointer to in a scan, and no earlier than 5 s after it was
# allocated: so twice, with that time between.
leaks() {
	local kmemleak=/sys/kernel/debug/kmemleak found
	[ -e $kmemleak ] || return 0
	echo scan >$kmemleak
	sleep 6
	echo scan >$kmemleak
	found=$(cat $kmemleak)
	if [ -z "$found" ]; then
		echo "passed memory-leaks"
	else
		printf '%s\n' "$found" >"$out/leaks"
		echo "failed memory-leaks $(grep -c '^unreferenced object' "$out/leaks") block(s), listed in leaks.txt"
	fi
}

main() {
	# Debian has it built for a newer library set than this guest's: it brings its own. The tests do not need them.
	export IGT_FORCE_DRIVER=mirage
	# Subtests of one binary run in one process of it: starting one takes longer than most subtests.
	LD_LIBRARY_PATH=$library /opt/igt/usr/bin/igt_runner --overwrite --sync --piglit-style-dmesg --multiple-mode \
		--per-test-timeout "$limit" --inactivity-timeout "$limit" -e "LD_LIBRARY_PATH=" \
		${pattern:+-t "$pattern"} "$tests" "$out/results" 2>"$out/runner.log"
	echo "$?" >"$out/runner-status"

	{
		unload
		leaks
	} >"$out/checks"
}

main
exit
