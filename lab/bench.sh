# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# ./mirage bench: measurements, with the kernel's own test mirror (lib/test_hmm.c) as the peer where its source can be had, in
# one guest.

# shellcheck source=lab/vm.sh
. "$MIRAGE_SRC/lab/vm.sh"

bench_usage() {
	cat <<'EOF'
usage: ./mirage bench [--out DIR] [VM OPTIONS] [-- ARGUMENTS...]

Measures, prints a table, and leaves the figures as JSON in DIR (default: ./bench-results).
ARGUMENTS are mirage-bench's own. The options of ./mirage vm for the machine work here too.
EOF
}

# peer_source DIR: the two files of lib/test_hmm of the kernel in use, or its source package.
peer_source() {
	if [ -n "$kernel_source" ]; then
		cp "$kernel_source"/lib/test_hmm.c "$kernel_source"/lib/test_hmm_uapi.h "$1"
	elif [[ $kernel_release == *-amd64 ]]; then
		proxy_env
		fetch_source "${kernel_release%-amd64}" "$1"
	else
		echo "the packages of Linux $kernel_release have no source of test_hmm" >&2
		return 1
	fi
}

# make_peer DIR: what it is built to, once for a kernel of Debian's, each time for a tree that may have changed. Fails where
# there is no source to build.
make_peer() {
	local tmp=$1.tmp log=$logs/peer-$kernel_key.log
	if [ -d "$1" ]; then
		[ -n "$kernel_dir" ] || return 0
		rm -rf --one-file-system -- "$1"
	fi
	rm -rf --one-file-system -- "$cache"/peer-*.tmp
	mkdir "$tmp"
	say "building the peer, test_hmm of Linux $kernel_release"
	if ! peer_source "$tmp" >"$log" 2>&1; then
		note "the rows of test_hmm stay empty: $(tail -n 1 "$log")"
		return 1
	fi
	logged "$log" "building test_hmm" build_peer "$tmp"
	mv "$tmp" "$1"
}

build_peer() {
	local compiler=()
	choose_compiler
	if [ ${#compiler[@]} -gt 0 ]; then
		bash "$MIRAGE_SRC/lab/peer-build.sh" "$1" -C "$kernel_dir" "${compiler[@]}"
	else
		in_lab "${kernel_binds[@]}" "$1=mirage/peer" -- bash /mirage/src/lab/peer-build.sh /mirage/peer "${kernel_make[@]}"
	fi
}

cmd_bench() {
	local out=bench-results peer bench=main status=0
	vm_defaults
	vm_mem=3G
	while [ $# -gt 0 ]; do
		case $1 in
		--help | -h)
			bench_usage
			return
			;;
		--out)
			need_value $# "$1" bench
			out=$2
			shift 2
			;;
		--)
			shift
			break
			;;
		*)
			vm_option "$@"
			[ "$taken" -gt 0 ] || usage_error "no option '$1'" bench
			shift "$taken"
			;;
		esac
	done
	as_user mkdir -p "$out" 2>/dev/null || mkdir -p "$out" || die "can't make the directory $out"

	use_root base
	use_kernel
	build_all
	peer=$cache/peer-$kernel_key-$(sha256sum <"$MIRAGE_SRC/lab/peer-build.sh" | cut -c1-8)
	if with_lock peer make_peer "$peer"; then
		bench=bench-$kernel_key
		build_binds=("$peer=mirage/peer")
		with_lock "build-$(basename "$build")" meson_build "$bench" bench/mirage-bench -Dpeer=/mirage/peer
		vm_binds=("$peer=mirage/peer")
		vm_modules=(/mirage/peer/test_hmm.ko)
	fi
	choose_accel

	say "measuring ($vm_accel)"
	vm_share=$out
	vm_run "/mirage/build/$bench/bench/mirage-bench" --json /mnt/share/bench.json "$@" || status=$?
	[ $status -ne 0 ] || say "figures: $out/bench.json"
	return $status
}
