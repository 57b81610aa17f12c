# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# ./mirage bench: measurements, with the kernel's own test mirror (lib/test_hmm.c) as the peer, in one guest.

# shellcheck source=lab/vm.sh
. "$MIRAGE_SRC/lab/vm.sh"

bench_usage() {
	cat <<'EOF'
usage: ./mirage bench [--out DIR] [VM OPTIONS] [-- ARGUMENTS...]

Measures, prints a table, and leaves the figures as JSON in DIR (default: ./bench-results).
ARGUMENTS are mirage-bench's own. The options of ./mirage vm for the machine work here too.
EOF
}

# The peer's source and what it was built to, for the lab's kernel: fetched and built once.
make_peer() {
	local tmp=$1.tmp
	[ ! -d "$1" ] || return 0
	rm -rf --one-file-system -- "$cache"/peer-*.tmp
	mkdir "$tmp"
	proxy_env
	say "fetching the peer's source (once)"
	logged "$logs/peer-source.log" "fetching the kernel's source" fetch_source "$tmp"
	logged "$logs/peer-build.log" "building test_hmm" \
		in_lab "$tmp=mirage/peer" -- bash /mirage/src/lab/peer-build.sh "/lib/modules/$lab_kernel-amd64/build"
	mv "$tmp" "$1"
}

cmd_bench() {
	local out=bench-results peer status=0
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
	[ "$vm_kernel" = stock ] || die "the bench measures the stock kernel: its peer is built for that"
	mkdir -p "$out" || die "can't make the directory $out"

	use_root base
	build_all
	peer=$cache/peer-$lab_kernel-$(sha256sum <"$MIRAGE_SRC/lab/peer-build.sh" | cut -c1-8)
	[ -d "$peer" ] || with_lock peer make_peer "$peer"
	build_binds=("$peer=mirage/peer")
	with_lock "build-$(basename "$build")" meson_build bench bench/mirage-bench -Dpeer=/mirage/peer
	use_kernel
	choose_accel

	say "measuring ($vm_accel)"
	vm_binds=("$peer=mirage/peer")
	vm_share=$out
	vm_modules=(/mirage/peer/test_hmm.ko)
	vm_run /mirage/build/bench/bench/mirage-bench --json /mnt/share/bench.json "$@" || status=$?
	[ $status -ne 0 ] || say "figures: $out/bench.json"
	return $status
}
