# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# ./mirage demo: the main job, in a guest of its own.

# shellcheck source=lab/vm.sh
. "$MIRAGE_SRC/lab/vm.sh"

demo_usage() {
	cat <<'EOF'
usage: ./mirage demo [VM OPTIONS] [FILE]

Boots a guest with a GPU. The GPU works on memory that plain malloc, mmap and the stack gave: the words of a text as a linked list, a file's digests, a counter shared with the CPU, memory
that is replaced under a running kernel. FILE is the text, of at most 4 MiB; without it, the text of a licence.

The options of ./mirage vm for the machine work here too.
EOF
}

# check_file FILE: refuse, before anything is built, what mirage-demo would refuse in the guest; the limit is in its source.
check_file() {
	local mib size
	[ -f "$1" ] && [ -r "$1" ] || die "$1 is not a file that can be read"
	mib=$(sed -n 's/^#define MAX_FILE (\([0-9]*\)u << 20)$/\1/p' "$MIRAGE_SRC/demo/main.c")
	size=$(stat -Lc %s "$1")
	[ "$size" -gt 0 ] || die "$1 is empty: the demo needs a text"
	[ "$size" -le $((mib << 20)) ] || die "$1 has $size bytes: the demo takes a text of at most $mib MiB"
}

cmd_demo() {
	local file='' status=0 dir=
	vm_defaults
	while [ $# -gt 0 ]; do
		case $1 in
		--help | -h)
			demo_usage
			return
			;;
		-?*)
			vm_option "$@"
			[ "$taken" -gt 0 ] || usage_error "no option '$1'" demo
			shift "$taken"
			;;
		*)
			[ -z "$file" ] || usage_error "more than one file: '$file' and '$1'" demo
			file=$1
			shift
			;;
		esac
	done
	if [ -n "$file" ]; then
		check_file "$file"
		[ -z "$vm_share" ] || die "--share and a file exclude each other: the demo shares the directory of the file"
		file=$(realpath "$file")
		vm_share=$(dirname "$file")
		file=/mnt/share/$(basename "$file")
	fi

	use_root base
	use_kernel
	build_all
	choose_accel
	say "booting ($vm_accel)"
	vm_run /mirage/build/main/demo/mirage-demo ${file:+"$file"} || status=$?
	say "done"
	return $status
}
