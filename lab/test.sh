# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# ./mirage test: native tests, a bounded run of the fuzzers, and the guest's tests: one boot for
# all that need one GPU, and two for those of two GPUs, which reach each other in the first of them.

# shellcheck source=lab/vm.sh
. "$MIRAGE_SRC/lab/vm.sh"

test_usage() {
	cat <<'EOF'
usage: ./mirage test [--native | --guest] [--kernel debug] [VM OPTIONS] [PATTERN]

Builds all and runs the tests; what failed or was skipped is listed with its reason. The last
line is `N passed, N failed, N skipped`. The exit status is 0 only where none failed, and the
guest's kernel logged nothing that tells of a bug.

  PATTERN            run only the tests whose names match: native ones by a part of the name,
                     guest ones (binary@subtest) by a regular expression
  --native           only what needs no guest: the model, the tools, pure logic, checks of the tree
  --guest            only what runs in a guest
  --kernel debug     the guest tests on a kernel with KASAN, lockdep, kmemleak and more, built
                     when first asked for (a quarter of an hour)

The options of ./mirage vm for the machine work here too.
EOF
}

cmd_test() {
	local native=1 guest=1 pattern='' summary=() results
	vm_defaults
	vm_mem=3G
	while [ $# -gt 0 ]; do
		case $1 in
		--help | -h)
			test_usage
			return
			;;
		--native) guest=0 ;;
		--guest) native=0 ;;
		-*)
			vm_option "$@"
			[ "$taken" -gt 0 ] || usage_error "no option '$1'" test
			shift $((taken - 1))
			;;
		*)
			[ -z "$pattern" ] || usage_error "more than one pattern" test
			pattern=$1
			;;
		esac
		shift
	done
	[ "$native$guest" != 00 ] || usage_error "--native and --guest exclude each other" test
	[[ $vm_kernel == stock || $vm_kernel == debug ]] || usage_error "--kernel: the tests know stock and debug" test
	[ "$vm_kernel" = stock ] || native=0

	use_root test
	results=$cache/results/$(run_name)
	mkdir -p "$results"
	find "$cache/results" -mindepth 1 -maxdepth 1 | sort -r | tail -n +11 | xargs -r rm -rf --
	build_all
	use_kernel
	[ $native = 0 ] || test_native "$pattern"
	[ $guest = 0 ] || test_guest "$pattern"

	# Python is in the lab, not necessarily here.
	local status=0
	in_lab "$results=mirage/run" -- python3 /mirage/src/lab/results.py "${summary[@]}" || status=$?
	return $status
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
	summary+=(--lines /mirage/run/checks.txt)
}

build_fuzz() {
	meson_build fuzz meson-test-prereq -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false --native-file /mirage/src/lab/clang.ini
}

# guest_boot NAME SECONDS PATTERN EXCLUDED EXPECTED: the tests that match the one and not the other, in one boot, which
# ends after SECONDS whatever it still says. NAME is that of its results, and goes before those of its checks. The
# results in EXPECTED must be there in the end.
guest_boot() {
	local name=$1 pattern=$3 expected=$5 kept=$results/$1 vm_timeout=$vm_timeout prefix='' status=0 ran list
	# What the lists of expected results can name.
	local conditions=$vm_kernel
	[ "$vm_iommu" = 0 ] || conditions+=,iommu
	[ "$vm_gpus" -lt 2 ] || [ "$vm_switch" = 1 ] || conditions+=,apart
	# The same tests have run before.
	[ "$name" != apart ] || prefix=apart:
	[ "$vm_timeout" != 0 ] || vm_timeout=$2
	vm_results=$kept
	vm_run bash /mirage/src/lab/guest-tests.sh "$limit" "$pattern" "$4" </dev/null > >(tee "$results/$name.log" >&2) || status=$?
	wait $!
	for ran in results results-debian; do
		if [ ! -e "$kept/$ran/results.json" ]; then
			[[ " $expected " != *" $ran "* ]] || echo "failed $name-tests igt_runner left no $ran (status $status)" >>"$results/guest-checks.txt"
		else
			list=expected
			[ $ran = results ] || list=debian/expected
			summary+=(--igt "$prefix=$conditions=/mirage/src/igt-tests/$list=/mirage/run/$name/$ran/results.json")
		fi
	done
	{
		cat "$kept/checks" 2>/dev/null
		if [ "$status" -ne 0 ]; then
			echo "failed end the machine did not come to its end: see the messages above"
		elif [ "$vm_findings" -gt 0 ]; then
			echo "failed kernel-log $vm_findings line(s) that tell of a bug: $vm_kept/findings.txt"
		else
			echo "passed kernel-log"
		fi
	} | sed "s/^[a-z]* /&$name-/" >>"$results/guest-checks.txt"
}

test_guest() {
	local pattern=$1 limit=300 all='results results-debian' peers=results
	# A user's pattern that fits none leaves none.
	[ -z "$pattern" ] || all='' peers=''
	if [ "$vm_kernel" = debug ]; then
		vm_append="kmemleak=on"
		limit=1200
	fi
	# Each subtest's start and end is in the kernel's log, and the runner ends a binary after its limit. A kernel that
	# hangs and tells of it again and again is not silent, and so each boot has its time.
	vm_silence=$((limit + 120))
	choose_accel
	say "guest tests ($vm_kernel kernel, $vm_accel)"
	if [ "$vm_gpus" != 1 ]; then
		guest_boot guest $((8 * limit)) "$pattern" '' "$all"
	else
		# What needs two GPUs has a machine of its own: the other tests take the first that they find.
		[[ $pattern == *mirage_prime_peer* ]] || guest_boot guest $((8 * limit)) "$pattern" 'mirage_prime_peer@' "$all"
		if [ -z "$pattern" ] || [[ $pattern == *mirage_prime_peer* ]]; then
			local vm_gpus=2 vm_switch=$((!vm_iommu))
			guest_boot peers $((2 * limit)) "${pattern:-mirage_prime_peer@}" '' "$peers"
			# Once more where neither reaches the other's memory, which behind an IOMMU none has done.
			if [ $vm_switch = 1 ]; then
				vm_switch=0
				guest_boot apart $((2 * limit)) "${pattern:-mirage_prime_peer@}" '' "$peers"
			fi
		fi
	fi
	summary+=(--lines /mirage/run/guest-checks.txt)
}
