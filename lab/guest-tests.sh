#!/bin/bash
# SPDX-License-Identifier: MIT
# Run the guest tests, in the guest: PER-TEST-TIMEOUT PATTERN EXCLUDED SUITES..., PATTERN and EXCLUDED possibly empty.
# igt_runner's results, a directory for each suite, go to the host's directory of this run, and so does what is looked at
# here: that the driver unloads, and, where the kernel can tell, that nothing leaked.
#
# The suites are results, of our own tests, and results-debian, of those of Debian's IGT that igt-tests/debian/tests names.
set -uo pipefail

limit=$1
pattern=$2
excluded=$3
suites=("${@:4}")
out=/run/lab
library=/opt/igt/usr/lib/x86_64-linux-gnu
tests=/mirage/build/main/igt-tests
debian=/tmp/debian-igt

# The driver's modules are where modprobe and modinfo look.
by_name() {
	local module
	for module in hmm_mirror mirage; do
		if [ "$(readlink -f "$(modinfo -n $module 2>&1)")" != "$(grep "/$module.ko$" $out/modules)" ]; then
			echo "failed modules-by-name $(modinfo -n $module 2>&1)"
			return
		fi
	done
	echo "passed modules-by-name"
}

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

# Drop kmemleak's reports of blocks that this tree cannot fix:
#
# ttm_pool_type_init: TTM of Linux 7.2 does not undo list_lru_init() when its last device goes (ttm_pool_type_fini()), whichever
# driver's that was.
leaks_of_ours() {
	awk '/^unreferenced object/ { if (ours) printf "%s", block; block = ""; ours = 1 }
		{ block = block $0 "\n" }
		/ ttm_pool_type_init\+/ { ours = 0 }
		END { if (ours) printf "%s", block }' "$1"
}

# kmemleak takes a block for leaked that it found no pointer to in a scan, and no earlier than 5 s after it was
# allocated: so twice, with that time between.
leaks() {
	local kmemleak=/sys/kernel/debug/kmemleak found
	[ -e $kmemleak ] || return 0
	echo scan >$kmemleak
	sleep 6
	echo scan >$kmemleak
	found=$(leaks_of_ours $kmemleak)
	if [ -z "$found" ]; then
		echo "passed memory-leaks"
	else
		printf '%s\n' "$found" >"$out/leaks"
		echo "failed memory-leaks $(grep -c '^unreferenced object' "$out/leaks") block(s), listed in leaks.txt"
	fi
}

# The tests of Debian's that are for a driver like ours, as a directory that igt_runner takes.
debian_tests() {
	local name names=()
	mkdir -p $debian
	for name in $(grep -v '^#' /mirage/src/igt-tests/debian/tests); do
		ln -sf "/opt/igt/usr/libexec/igt-gpu-tools/$name" "$debian/$name"
		names+=("$name")
	done
	printf 'TESTLIST\n%s\nEND TESTLIST\n' "${names[*]}" >$debian/test-list.txt
}

# The last of our tests takes the driver away.
load_driver() {
	local module
	while read -r module; do
		insmod "$module" 2>/dev/null || true
	done <$out/modules
	[ -e /sys/module/mirage ]
}

# run DIR RESULTS LIBRARY-PATH: igt_runner over the tests in DIR. Debian has the runner, and its own tests, built for a
# newer library set than this guest's: they bring their own, which our tests do not need.
run() {
	# Subtests of one binary run in one process of it: starting one takes longer than most subtests.
	LD_LIBRARY_PATH=$library /opt/igt/usr/bin/igt_runner --overwrite --sync --piglit-style-dmesg --multiple-mode \
		--per-test-timeout "$limit" --inactivity-timeout "$limit" -e "LD_LIBRARY_PATH=$3" \
		${pattern:+-t "$pattern"} ${excluded:+-x "$excluded"} "$1" "$out/$2" 2>>"$out/runner.log"
}

main() {
	local suite
	# Of each test that does everything at once.
	export IGT_FORCE_DRIVER=mirage MIRAGE_STRESS_SECONDS=30
	: >"$out/checks"
	# Conditions for the lists of expected results, beside those that the host knows.
	grep -qw user_shstk /proc/cpuinfo || echo no-user_shstk >"$out/conditions"
	for suite in "${suites[@]}"; do
		if [ "$suite" = results ]; then
			run "$tests" "$suite" ""
		elif load_driver; then
			debian_tests
			run $debian "$suite" "$library"
		else
			echo "failed driver-load the driver does not load again after the tests" >>"$out/checks"
		fi
	done

	{
		by_name
		unload
		leaks
	} >>"$out/checks"
}

main
exit
