# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# ./mirage gdb: a debugger for the kernel of a machine that runs (./mirage vm --gdb), or for the dump of one that has ended
# (--dump), with the symbols of the kernel and of the driver.

# shellcheck source=lab/vm.sh
. "$MIRAGE_SRC/lab/vm.sh"

gdb_usage() {
	cat <<'EOF'
usage: ./mirage gdb [GDB ARGUMENTS...]
       ./mirage gdb --core DIR [DRGN ARGUMENTS...]

Without --core: gdb, connected to the machine that another ./mirage runs with --gdb.
With it: drgn on the dump in DIR, one of the directories of kept logs that ./mirage vm --dump names.

The symbols are those of the built tree that was booted. For a kernel of Debian's they are fetched
when first asked for, a download of 1.2 GB that takes 2 GB on disk.
EOF
}

# fetch_symbols VERSION DIR: vmlinux and what the driver stands on, of the package of debugging symbols.
fetch_symbols() {
	local dir=$2.tmp
	rm -rf --one-file-system -- "$dir"
	mkdir "$dir"
	in_root "$root" sh -ec 'cd /tmp && rm -f linux-image-*.deb && exec apt-get download "$1"' sh "linux-image-$1-amd64-dbg" &&
		dpkg-deb --fsys-tarfile "$root"/tmp/linux-image-*-dbg_*.deb |
		tar -C "$dir" -x --strip-components=7 --wildcards './usr/lib/debug/lib/modules/*/vmlinux' \
			'./usr/lib/debug/lib/modules/*/kernel/drivers/gpu/drm/*.ko' &&
		rm "$root"/tmp/linux-image-*-dbg_*.deb &&
		mv "$dir" "$2"
}

make_symbols() {
	[ ! -d "$2" ] || return 0
	proxy_env
	say "fetching the symbols of Linux $1 (once, 1.2 GB)"
	logged "$logs/symbols-$1.log" "fetching the symbols of Linux $1" fetch_symbols "$1" "$2"
}

# use_symbols: sets $symbols to the directory with the kernel's vmlinux.
use_symbols() {
	local version=${kernel_release%-amd64}
	symbols=$kernel_dir
	[ ! -e "$kernel_dir/vmlinux" ] || return 0
	[ "$version" != "$kernel_release" ] || die "$kernel_dir has no vmlinux, which has the symbols"
	symbols=$cache/symbols-$version
	[ -d "$symbols" ] || with_lock symbols make_symbols "$version" "$symbols"
}

# module_symbols FILE: commands of gdb's for the modules that the guest told of: what is where.
module_symbols() {
	awk '
		$2 == ".text" { text[$1] = $3 }
		$2 ~ /^\.(data|bss|rodata|init\.text|exit\.text)$/ { more[$1] = more[$1] " -s " $2 " " $3 }
		END { for (file in text) print "add-symbol-file " file " " text[file] more[file] }' "$1"
}

# running_machine: the directory of the one that offers a stub. A run that was killed leaves its own, with the socket, until
# the next one starts.
running_machine() {
	local socket dirs=()
	for socket in "$cache"/run/*/gdb.sock; do
		[ ! -S "$socket" ] || ! run_lives "${socket%/*}" || dirs+=("${socket%/*}")
	done
	[ ${#dirs[@]} -gt 0 ] || die "no machine runs with a stub for gdb" "start one in another terminal: ./mirage vm --gdb"
	[ ${#dirs[@]} -eq 1 ] || die "${#dirs[@]} machines run with a stub for gdb, gdb takes 1: end all others" "${dirs[@]}"
	echo "${dirs[0]}"
}

cmd_gdb() {
	local dir=. core=0 symbols modules status=0
	while [ $# -gt 0 ]; do
		case $1 in
		--help | -h)
			gdb_usage
			return
			;;
		--core)
			need_value $# "$1" gdb
			core=1
			dir=$(realpath "$2")
			shift 2
			[ -e "$dir/vmcore" ] || die "$dir has no vmcore"
			;;
		*) break ;;
		esac
	done

	use_root gdb
	[ $core = 1 ] || dir=$(running_machine)
	kernel_variables
	# shellcheck source=/dev/null
	. "$dir/kernel"
	use_symbols
	# The root that a dump was made with may be gone.
	[ -n "$kernel_dir" ] || kernel_binds=()
	kernel_binds+=("$symbols=mirage/linux" "$dir=mirage/run")
	if [ $core = 0 ]; then
		if [ -s "$dir/io/sections" ]; then
			module_symbols "$dir/io/sections" >"$dir/symbols.gdb"
		else
			note "the guest has not loaded the driver yet: gdb has no symbols of the driver"
			: >"$dir/symbols.gdb"
		fi
		in_lab "${kernel_binds[@]}" -- gdb -q -ex "file /mirage/linux/vmlinux" -ex "target remote /mirage/run/gdb.sock" \
			-x /mirage/run/symbols.gdb "$@" || status=$?
	else
		mapfile -t modules < <(awk '!seen[$1]++ { print "-s"; print $1 }' "$dir/sections")
		in_lab "${kernel_binds[@]}" -- drgn -c /mirage/run/vmcore -s /mirage/linux/vmlinux "${modules[@]}" "$@" || status=$?
	fi
	return $status
}
