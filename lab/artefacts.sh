# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The files that ./mirage test leaves for a CI to keep, whichever way it ends: the JUnit file, and a directory of logs.
#
# The user writes both, not root: behind sudo, root is this process, while a later step of the user's, and the CI's own
# collector, have to read and to remove them. A chown afterwards was rejected: it follows where the user's directory
# leads, and root may not even be allowed to write there (NFS).
#
# They are written from an EXIT trap, as a lab that cannot be built and a machine that hangs are what one wants logs of.

# artefacts_begin FILE DIR, either possibly empty: where they cannot be written is said at once, not after the tests. An
# earlier run's JUnit file goes, so that none is taken for this one's.
artefacts_begin() {
	artefacts_junit=${1:+$(realpath -m -- "$1")}
	artefacts_dir=${2:+$(realpath -m -- "$2")}
	artefacts_start=$EPOCHSECONDS
	if [ -n "$artefacts_junit" ]; then
		[ ! -d "$artefacts_junit" ] || usage_error "--junit: $1 is a directory" test
		{ as_user mkdir -p -- "$(dirname "$artefacts_junit")" && as_user rm -f -- "$artefacts_junit" &&
			as_user touch -- "$artefacts_junit" && as_user rm -- "$artefacts_junit"; } ||
			usage_error "--junit: can't write $1" test
	fi
	if [ -n "$artefacts_dir" ]; then
		as_user mkdir -p -- "$artefacts_dir" && as_user test -w "$artefacts_dir" ||
			usage_error "--logs: can't write to $2" test
		[ -z "$(as_user ls -A -- "$artefacts_dir")" ] || usage_error "--logs: $2 is not empty" test
	fi
	trap artefacts_end EXIT
}

# artefacts_collect DIR: what this run left in the cache, which other runs use, too. A machine's directory has this
# process's id in its name; one that still lies in run/ is that of a machine that was killed.
artefacts_collect() {
	local dir=$1 log machine name
	mkdir "$dir/logs" "$dir/machines"
	find "$logs" -maxdepth 1 -type f -name '*.log' -newermt "@$((artefacts_start - 1))" -exec cp -t "$dir/logs" {} +
	for log in "$build"/*/meson-logs/testlog.txt; do
		if [ "$(stat -c %Y "$log" 2>/dev/null || echo 0)" -ge "$artefacts_start" ]; then
			name=${log#"$build/"}
			cp "$log" "$dir/logs/meson-${name%%/*}.txt"
		fi
	done
	for machine in "$logs"/vm-*-"$$" "$cache"/run/*-"$$"; do
		if [ -d "$machine" ] && [ "$(stat -c %Y "$machine")" -ge "$artefacts_start" ]; then
			name=${machine##*/}
			mkdir "$dir/machines/${name#vm-}"
			find "$machine" -maxdepth 1 -type f \( -name '*.log' -o -name '*.txt' \) -exec cp -t "$dir/machines/${name#vm-}" {} +
		fi
	done
	if [ -d "${results:-}" ]; then
		cp -r --preserve=timestamps "$results" "$dir/results"
		[ ! -e "$results/junit.xml" ] || cp "$results/junit.xml" "$dir/"
	fi
}

# A failure here must not hide the tests' own status.
artefacts_end() {
	local status=$? stage
	# Nothing was counted: 1, that of a shell's `set -e`, would say that a test failed.
	[ -e "${results:-}/junit.xml" ] || [ "$status" != 1 ] || status=125
	if [ -n "$artefacts_junit" ] && [ -e "${results:-}/junit.xml" ]; then
		as_user tee -- "$artefacts_junit" <"$results/junit.xml" >/dev/null || note "$artefacts_junit could not be written"
	fi
	if [ -n "$artefacts_dir" ]; then
		stage=$(mktemp -d)
		{ artefacts_collect "$stage" && tar -C "$stage" -cf - . | as_user tar -C "$artefacts_dir" --no-same-owner -xf -; } ||
			note "not all logs could be written to $artefacts_dir"
		rm -rf -- "$stage"
	fi
	exit "$status"
}
