# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# ./mirage test: native tests, a bounded run of the fuzzers, and the guest's tests: one boot for most, one for those that
# suspend to RAM, and two for those of two GPUs, which reach each other in the first of them.

# shellcheck source=lab/vm.sh
. "$MIRAGE_SRC/lab/vm.sh"
# shellcheck source=lab/artefacts.sh
. "$MIRAGE_SRC/lab/artefacts.sh"
# shellcheck source=lab/mutants.sh
. "$MIRAGE_SRC/lab/mutants.sh"

test_usage() {
	cat <<'EOF'
usage: ./mirage test [--native | --guest] [--kernel KERNEL] [--junit FILE] [--logs DIR]
                     [VM OPTIONS] [PATTERN]
       ./mirage test --mutants [PATTERN]

Builds all and runs the tests; what failed or was skipped is listed with its reason. The last
line is `N passed, N failed, N skipped`.

  PATTERN            run only the tests whose names match: native ones by a part of the name,
                     guest ones (binary@subtest) by a regular expression
  --native           only what needs no guest: the model, the tools, pure logic, checks of the tree
  --guest            only what runs in a guest
  --kernel KERNEL    the guest tests alone, on another kernel than the lab's; debug is one with
                     KASAN, lockdep, kmemleak and more, built when first asked for (a quarter of
                     an hour); for others see ./mirage vm --help
  --record           after a whole run in which no guest test failed: write their counts into
                     lab/tested and README.md
  --junit FILE       write all that was counted as JUnit XML, which a CI shows
  --logs DIR         leave the kernels' logs, the runners' results, the native logs and the JUnit
                     file in DIR, which must be new or empty, also where tests failed or a machine
                     hung
  --mutants          put each defect of lab/mutants/ whose name matches PATTERN, a regular
                     expression, into a copy of the tree, and run the one test that must fail
                     then; the table says which were killed, and the exit status is 0 only where
                     all were. About a minute for each

The options of ./mirage vm for the machine work here too.

Exit status: 0 where tests ran and all passed, and the guest's kernel logged nothing that tells of
a bug; 1 where a test failed; 2 for a wrong option, and a PATTERN that matches no test; 125 where
the lab itself failed, so that nothing was counted.
EOF
}

# test_options ARGUMENTS...: sets the variables of cmd_test.
test_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--help | -h)
			help=1
			return
			;;
		--native) guest=0 ;;
		--guest) native=0 ;;
		--record) record=1 ;;
		--junit)
			need_value $# "$1" test
			junit=$2
			shift
			;;
		--logs)
			need_value $# "$1" test
			keep=$2
			shift
			;;
		--mutants) mutants=1 ;;
		-*)
			vm_option "$@"
			[ "$taken" -gt 0 ] || usage_error "no option '$1'" test
			shift $((taken - 1))
			;;
		*)
			[ -z "$pattern" ] || usage_error "more than one pattern: '$pattern' and '$1'" test
			pattern=$1
			;;
		esac
		shift
	done
}

cmd_test() {
	local help=0 native=1 guest=1 record=0 mutants=0 options=$# pattern='' summary=() guest_summary=() commit='' junit='' keep=''
	vm_defaults
	vm_mem=3G
	test_options "$@"
	if [ $help = 1 ]; then
		test_usage
		return
	fi
	if [ $mutants = 1 ]; then
		[ "$options" -le 2 ] || usage_error "--mutants takes a pattern and no other option" test
		mutants_test "$pattern"
		return
	fi
	[ "$native$guest" != 00 ] || usage_error "--native and --guest exclude each other" test
	[ "$vm_kernel" = stock ] || native=0
	if [ $record = 1 ] && { [ "$guest$pattern$vm_gpus$vm_iommu" != 110 ] || [[ $vm_kernel == /* ]]; }; then
		usage_error "--record takes no --native, no pattern, no --gpus, no --iommu and no kernel in a directory" test
	fi
	artefacts_begin "$junit" "$keep"
	[ -z "$keep" ] || vm_keep=1

	[ $record = 0 ] || commit=$(tested_commit)
	use_root test
	# Not local: the trap of artefacts.sh reads it.
	results=$cache/results/$(run_name)
	mkdir -p "$results"
	remove_old_results
	use_kernel
	build_all
	[ $native = 0 ] || test_native "$pattern"
	[ $guest = 0 ] || test_guest "$pattern"

	# Python is in the lab, not necessarily here.
	local status=0
	in_lab "$results=mirage/run" -- python3 /mirage/src/lab/results.py --write /mirage/run/junit.xml "${summary[@]}" |
		tee "$results/summary.txt" || status=$?
	[ $record = 0 ] || record_results
	return $status
}

# Of the results of all checkouts, the last ones stay, and those of a run that is under way: its process is in their name.
remove_old_results() {
	local dir
	find "$cache/results" -mindepth 1 -maxdepth 1 | sort -r | tail -n +11 | while read -r dir; do
		kill -0 "${dir##*-}" 2>/dev/null || rm -rf -- "$dir"
	done
}

# The row of --record is about one commit; the rows themselves may be there already.
tested_commit() {
	local changed
	changed=$(git -c safe.directory='*' -C "$MIRAGE_SRC" status --porcelain -- . ':!lab/tested' ':!README.md') ||
		die "--record: $MIRAGE_SRC is not a git checkout"
	[ -z "$changed" ] || die "--record: $MIRAGE_SRC has changes that are not committed"
	git -c safe.directory='*' -C "$MIRAGE_SRC" rev-parse --short HEAD
}

# The guest tests' counts of this run, as a row of lab/tested, where they all passed: a native test, such as the one that wants
# a row there, is no matter of the kernel's.
record_results() {
	local text counts variant=stock version=${kernel_release%-amd64}
	if [[ $vm_kernel == debug* ]]; then
		variant=debug
		version=$debug_version
	fi
	if ! text=$(in_lab "$results=mirage/run" -- python3 /mirage/src/lab/results.py "${guest_summary[@]}"); then
		note "not recorded: a guest test failed"
		return
	fi
	counts=$(tail -n 1 <<<"$text" | tr -dc '0-9 ' | xargs)
	# shellcheck disable=SC2086 # three words
	as_writer "$MIRAGE_SRC" "$MIRAGE_SRC/lab/support-table" --add "$version" $variant "$commit" $counts
	say "recorded in lab/tested and README.md: Linux $version, $variant"
}

# native_run DIR PREFIX SUITES...: Meson's tests in one build directory.
native_run() {
	local dir=$1 prefix=$2 log=$logs/test-$1.log names=()
	shift 2
	say "native tests ($dir)"
	if [ -n "$test_pattern" ]; then
		mapfile -t names < <(in_lab -- meson test -C "/mirage/build/$dir" --no-rebuild --list "$@" 2>/dev/null |
			sed 's/^.* \/ //' | grep -F -- "$test_pattern")
		[ ${#names[@]} -gt 0 ] || return 0
	fi
	# Its status says whether one failed; its file says which, and that is what is counted.
	in_lab -- meson test -C "/mirage/build/$dir" --no-rebuild --print-errorlogs "$@" "${names[@]}" >"$log" 2>&1 || true
	if ! cp "$build/$dir/meson-logs/testlog.junit.xml" "$results/$dir.xml" 2>/dev/null; then
		tail -n 5 "$log" >&2
		echo "failed native-tests-$dir did not run; the log is $log" >>"$results/checks.txt"
		return 0
	fi
	summary+=(--junit "$prefix=/mirage/run/$dir.xml")
	grep -E '^(Ok|Fail|Timeout|Skipped):' "$log" | tr -s ' \n' ' ' | sed 's/^/        /; s/$/\n/' >&2
}

test_native() {
	local test_pattern=$1
	: >"$results/checks.txt"
	native_run main "" --no-suite fuzz
	with_lock "build-$(basename "$build")-sanitized" meson_build sanitized "all meson-test-prereq" -Db_sanitize=address,undefined
	native_run sanitized "sanitized:" --no-suite fuzz --no-suite checks
	with_lock "build-$(basename "$build")-fuzz" build_fuzz
	native_run fuzz "" --suite fuzz
	test_compat
	test_kernel_doc
	test_dkms
	summary+=(--lines /mirage/run/checks.txt)
}

# compat/ against trees of kernel headers in which an interface is another.
test_compat() {
	[[ compat == *"$test_pattern"* ]] || return 0
	say "kernel interfaces"
	in_lab -- bash /mirage/src/lab/compat-test.sh "$kernel_release" </dev/null >>"$results/checks.txt" 2>"$logs/test-compat.log" ||
		echo "failed compat the test did not come to its end; the log is $logs/test-compat.log" >>"$results/checks.txt"
}

# Only the kernel's whole source has the script: no small package of Debian does. So the debug kernel's source is used.
test_kernel_doc() {
	local script=tools/docs/kernel-doc tree=''
	[[ kernel-doc == *"$test_pattern"* ]] || return 0
	tree=$(find "$cache" -mindepth 1 -maxdepth 1 -name 'debug-kernel-*' ! -name '*.tmp' -exec test -e "{}/$script" \; -print |
		sort -V | tail -n 1)
	if [ -z "$tree" ]; then
		echo "skipped kernel-doc there is no kernel source: ./mirage vm --kernel debug fetches one" \
			>>"$results/checks.txt"
		return
	fi
	say "kernel-doc"
	in_lab "$tree=mirage/linux" -- bash /mirage/src/lab/checks/kernel-doc /mirage/src "/mirage/linux/$script" \
		</dev/null >>"$results/checks.txt" 2>"$logs/test-kernel-doc.log" ||
		echo "failed kernel-doc the check did not come to its end; the log is $logs/test-kernel-doc.log" >>"$results/checks.txt"
}

# The modules as DKMS builds them, for each kernel whose headers its root has.
test_dkms() {
	local before=$root
	[[ dkms == *"$test_pattern"* ]] || return 0
	use_root dkms
	say "modules by DKMS"
	in_lab -- timeout 900 bash /mirage/src/lab/dkms-test.sh </dev/null >"$results/dkms.txt" 2>"$logs/dkms.log" ||
		echo "failed dkms the test did not come to its end; the log is $logs/dkms.log" >>"$results/dkms.txt"
	cat "$results/dkms.txt" >>"$results/checks.txt"
	root=$before
}

build_fuzz() {
	meson_build fuzz meson-test-prereq -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false --native-file /mirage/src/lab/clang.ini
}

# guest_wanted PATTERN [EXCLUDED]: whether one of our tests matches the one and not the other. Says what igt_runner will,
# whose regular expressions are these, too; but it says so in no time, and without a machine.
guest_wanted() {
	grep -iP -e "$1" "$results/guest-tests.txt" | grep -viP -e "${2:-^$}" >/dev/null
}

guest_list() {
	# shellcheck disable=SC2016 # the lab's shell expands it
	in_lab -- bash -c 'set -o pipefail; cd /mirage/build/main/igt-tests && for test in $(grep -v TEST test-list.txt); do
		"./$test" --list-subtests | sed "s/^/igt@$test@/" || exit; done' >"$results/guest-tests.txt" </dev/null ||
		die "a guest test binary cannot list its subtests: see the message above"
}

# guest_boot NAME SECONDS PATTERN EXCLUDED SUITES: the tests that match the one and not the other, in one boot, which ends
# after SECONDS whatever it still says. NAME is that of its results, and goes before those of its checks. SUITES: results,
# of our own tests, and results-debian, of Debian's; each must be there in the end, but that of Debian's where a user's
# pattern may fit none of them.
guest_boot() {
	local name=$1 pattern=$3 suites=$5 kept=$results/$1 vm_timeout=$vm_timeout prefix='' status=0 ran list vm_kept=''
	# Conditions for the lists of expected results.
	local conditions=$kernel_conditions
	if [ "$vm_iommu" = 0 ]; then conditions+=,no-iommu; else conditions+=,iommu; fi
	[ "$vm_gpus" -lt 2 ] || if [ "$vm_switch" = 1 ]; then conditions+=,together; else conditions+=,apart; fi
	# The same tests have run before.
	[ "$name" != apart ] || prefix=apart:
	[ "$vm_timeout" != 0 ] || vm_timeout=$2
	vm_results=$kept
	# shellcheck disable=SC2086 # several words
	vm_run bash /mirage/src/lab/guest-tests.sh "$limit" "$pattern" "$4" $suites </dev/null \
		> >(tee "$results/$name.log" >&2) || status=$?
	wait $!
	[ ! -e "$kept/conditions" ] || conditions+=,$(cat "$kept/conditions")
	[ -z "$vm_kept" ] || echo "$name" >"$vm_kept/boot.txt"
	for ran in $suites; do
		if [ -d "$kept/$ran" ] && [ ! -e "$kept/$ran/results.json" ] &&
			in_lab "$results=mirage/run" -- bash /mirage/src/lab/igt-results.sh "/mirage/run/$name/$ran"; then
			echo "failed $name-tests the machine ended (status $status) during the test that is incomplete; later tests did not run" \
				>>"$results/guest-checks.txt"
		fi
		if [ -e "$kept/$ran/results.json" ]; then
			list=expected
			[ "$ran" = results ] || list=debian/expected
			guest_summary+=(--igt "$prefix=$conditions=/mirage/src/igt-tests/$list=/mirage/run/$name/$ran/results.json")
		elif [ "$ran" = results ] || [ -z "$pattern" ]; then
			echo "failed $name-tests igt_runner left no $ran (status $status)" >>"$results/guest-checks.txt"
		fi
	done
	{
		# Not there where the guest did not come up.
		cat "$kept/checks" 2>/dev/null || true
		if [ "$status" -ne 0 ]; then
			echo "failed end the machine ended with status $status before its command did: see the messages above"
		elif [ "$vm_findings" -gt 0 ]; then
			echo "failed kernel-log $vm_findings line(s) that tell of a bug: $vm_kept/findings.txt"
		else
			echo "passed kernel-log"
		fi
	} | sed "s/^[a-z]* /&$name-/" >>"$results/guest-checks.txt"
}

# The tests that need a machine other than the one for all, as regular expressions.
#
# QEMU's emulation loses the second processor in one of ten resumes from S3 (11.1, on a busy host; the processors taking
# turns, never): it goes on in the firmware, which makes the guest slow, and in the end a suspend does not come to its end.
# So what suspends to RAM does it with one processor. To idle, there are several.
s3_tests='mirage_(suspend|migrate_events)@.*-s3$'
# The other tests take the first GPU that they find.
peer_tests='mirage_prime_peer@'

test_guest() {
	local pattern=$1 limit=300 suites='' excluded only kernel_conditions='' option
	: >"$results/guest-checks.txt"
	if kernel_is_slow; then
		limit=1200
		kernel_conditions=slow
	fi
	! kernel_has DEBUG_KMEMLEAK || vm_append="kmemleak=on"
	for option in $(grep -hoE '\bno-[A-Z0-9_]+' "$MIRAGE_SRC/igt-tests/expected" "$MIRAGE_SRC/igt-tests/debian/expected" | sort -u); do
		kernel_has "${option#no-}" || kernel_conditions+=,$option
	done
	# Each subtest's start and end is in the kernel's log, and the runner ends a binary after its limit. A kernel that
	# hangs and tells of it again and again is not silent, and so each boot has its time.
	vm_silence=$((limit + 120))
	grep -iqP -e "$pattern" <<<'' || [ $? = 1 ] || usage_error "the pattern $pattern is not a regular expression" test
	guest_list
	choose_accel
	say "guest tests (Linux $kernel_release, $vm_accel)"

	excluded=$s3_tests
	[ "$vm_gpus" != 1 ] || excluded+="|$peer_tests"
	! guest_wanted "$pattern" "$excluded" || suites=results
	# Only ours are called so, and listing Debian's takes longer than many of ours.
	[[ $pattern == *mirage_* ]] || suites+=" results-debian"
	[ -z "$suites" ] || guest_boot guest $((8 * limit)) "$pattern" "$excluded" "$suites"

	only="^(?=.*$s3_tests).*(?:$pattern)"
	! guest_wanted "$only" || vm_cpus=1 guest_boot s3 $((2 * limit)) "$only" '' results

	only="^(?=.*$peer_tests).*(?:$pattern)"
	if [ "$vm_gpus" = 1 ] && guest_wanted "$only"; then
		vm_gpus=2 vm_switch=$((!vm_iommu)) guest_boot peers $((2 * limit)) "$only" '' results
		# Once more where neither reaches the other's memory, which behind an IOMMU none has done.
		[ "$vm_iommu" = 1 ] || vm_gpus=2 guest_boot apart $((2 * limit)) "$only" '' results
	fi
	guest_summary+=(--lines /mirage/run/guest-checks.txt)
	summary+=("${guest_summary[@]}")
}
