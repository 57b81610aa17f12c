# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# ./mirage test --mutants: do the tests notice a defect? Each file of lab/mutants/ is one, put into a copy of the checkout,
# never into the checkout: the copy is built, the one test that the file names is run, and it has to fail.
#
# The copy is a checkout of its own: its own ./mirage builds and boots it, in the same cache and the same lab. Meson and kbuild
# build what a defect changes and nothing else. Rejected: a copy for each defect, which would build everything each time.

# shellcheck source=lab/mutants/read.bash
. "$MIRAGE_SRC/lab/mutants/read.bash"

# Bounds, in seconds: for a build, for a guest with one test, for one with all the tests on the tree as it is.
mutants_build_limit=1200
mutants_guest_limit=400
mutants_baseline_limit=1800

# mutants_in_copy LOG SECONDS ARGUMENTS...: ./mirage of the copy.
mutants_in_copy() {
	local log=$1 limit=$2
	shift 2
	timeout "$limit" "$mutants_copy/mirage" "$@" >>"$log" 2>&1 </dev/null
}

# mutants_machine TEST: the options of ./mirage vm for the machine that it needs, in mutants_vm.
mutants_machine() {
	mutants_vm=(--mem 3G)
	[[ $1 != mirage_prime_peer@* ]] || mutants_vm+=(--gpus 2 --switch)
}

# mutants_run_test LOG TEST TIMES: the test's own status; 125 where the lab failed, or the guest hung or went down.
mutants_run_test() {
	case $2 in
	*@*)
		mutants_machine "$2"
		# shellcheck disable=SC2016 # the guest's shell expands it
		mutants_in_copy "$1" $((mutants_guest_limit + 120)) vm --timeout $mutants_guest_limit "${mutants_vm[@]}" -- bash -c '
			for ((i = 0; i < $3; i++)); do
				"/mirage/build/main/igt-tests/$1" --run-subtest "$2" || exit
			done' bash "${2%%@*}" "${2#*@}" "$3"
		;;
	*) mutants_in_copy "$1" $mutants_guest_limit shell meson test -C /mirage/build/main --no-rebuild "$2" ;;
	esac
}

# mutants_baseline_guest LOG TESTS...: all in one machine, which the first of them needs.
mutants_baseline_guest() {
	local log=$1 test
	shift
	[ $# -gt 0 ] || return 0
	mutants_machine "$1"
	# shellcheck disable=SC2016 # the guest's shell expands it
	mutants_in_copy "$log" $((mutants_baseline_limit + 120)) vm --timeout $mutants_baseline_limit "${mutants_vm[@]}" -- bash -c '
		for test; do
			"/mirage/build/main/igt-tests/${test%%@*}" --run-subtest "${test#*@}" && echo "passes: $test"
		done' bash "$@" || true
	for test in "$@"; do
		grep -qxF "passes: $test" "$log" || mutants_failing+="$test "
	done
}

# mutants_baseline TESTS...: a test that fails on the tree as it is would kill every defect. Sets mutants_failing.
mutants_baseline() {
	local test log=$mutants_logs/baseline.log guest=() peers=()
	mutants_failing=" "
	say "building the copy, without a defect"
	mutants_in_copy "$log" $mutants_build_limit build || die "the copy does not build: see $log"
	say "running the tests on the copy, without a defect"
	for test in "$@"; do
		case $test in
		mirage_prime_peer@*) peers+=("$test") ;;
		*@*) guest+=("$test") ;;
		*) mutants_run_test "$log" "$test" 1 || mutants_failing+="$test " ;;
		esac
	done
	mutants_baseline_guest "$log" "${guest[@]}"
	mutants_baseline_guest "$log" "${peers[@]}"
}

# mutants_judge LOG: the verdict on the defect that mutant_read has read.
mutants_judge() {
	local log=$1 status=0 result
	if [[ $mutants_failing == *" $mutant_test "* ]]; then
		echo "no verdict"
		return
	fi
	cp "$MIRAGE_SRC/$mutant_file" "$mutants_copy/$mutant_file"
	if ! mutant_apply "$mutants_copy"; then
		result="does not apply"
	elif ! mutants_in_copy "$log" $mutants_build_limit build; then
		result="does not build"
	else
		mutants_run_test "$log" "$mutant_test" "$mutant_times" || status=$?
		case $status in
		0) result=survived ;;
		77) result="no verdict" ;;
		# 124 and 137: its time was over.
		124 | 125 | 137)
			result=survived
			[ "$mutant_crash" = no ] || result=killed
			echo "the machine or the test did not come to its end" >>"$log"
			;;
		*) result=killed ;;
		esac
	fi
	# Newer than what was built of the defect, so that it is built again.
	cp "$MIRAGE_SRC/$mutant_file" "$mutants_copy/$mutant_file"
	echo "$result"
}

# mutants_test PATTERN: those whose names match the regular expression.
mutants_test() {
	local pattern=$1 path name tests=() names=() result bad=0 table fd
	for path in "$MIRAGE_SRC"/lab/mutants/*.mutant; do
		name=$(basename "$path" .mutant)
		[[ $name =~ $pattern ]] || continue
		mutant_read "$path" || die "$path: $mutant_error"
		names+=("$name")
		tests+=("$mutant_test")
	done
	[ ${#names[@]} -gt 0 ] || die "no name in lab/mutants/ matches the pattern $pattern"

	mutants_copy=$cache/mutants/$(checkout_key)/src
	mutants_logs=$cache/mutants/$(checkout_key)/logs
	# One run at a time in a copy: two would put their defects into each other's.
	mkdir -p "$cache/mutants/$(checkout_key)"
	exec {fd}>>"$cache/mutants/$(checkout_key)/lock"
	flock -n "$fd" || die "another ./mirage test --mutants runs in this checkout: wait until it has ended, or end it"
	rm -rf --one-file-system -- "$mutants_logs"
	mkdir -p "$mutants_copy" "$mutants_logs"
	# For ./mirage clean: whose it is, and when it was used last.
	echo "$MIRAGE_SRC" >"$cache/mutants/$(checkout_key)/checkout"
	# Times are kept, so that a later run does not build anew what did not change.
	find "$mutants_copy" -mindepth 1 -maxdepth 1 -exec rm -rf --one-file-system -- {} +
	tar -C "$MIRAGE_SRC" --exclude=./.git --exclude=./bench-results -cf - . | tar -C "$mutants_copy" -xf -
	# But a run that was ended may have left a defect in what it built: that is built anew.
	sed -n 's/^file //p' "$MIRAGE_SRC"/lab/mutants/*.mutant | sort -u | (cd "$mutants_copy" && xargs touch)

	mapfile -t tests < <(printf '%s\n' "${tests[@]}" | sort -u)
	mutants_baseline "${tests[@]}"
	table=$mutants_logs/table
	for name in "${names[@]}"; do
		mutant_read "$MIRAGE_SRC/lab/mutants/$name.mutant"
		say "$name"
		result=$(mutants_judge "$mutants_logs/$name.log")
		printf '%-15s %-32s %s\n' "$result" "$name" "$mutant_test" | tee -a "$table"
	done
	echo
	printf '%d killed, %d survived, %d without a verdict, %d do not apply, %d do not build; the logs are in %s\n' \
		"$(grep -c '^killed' "$table")" "$(grep -c '^survived' "$table")" "$(grep -c '^no verdict' "$table")" \
		"$(grep -c '^does not apply' "$table")" "$(grep -c '^does not build' "$table")" "$mutants_logs"
	grep -qv '^killed' "$table" && bad=1
	return $bad
}
