# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The debug kernel, and the kernel's source, from which it and bench's peer are built.

# fetch_source DIR: the source package of the lab's kernel, unpacked by dpkg into DIR: a tar file in usr/src.
fetch_source() {
	local version series=${lab_kernel%%+*}
	series=${series%.*}
	version=$(in_root "$root" apt-cache madison "linux-source-$series" |
		awk -v want="${lab_kernel%%+*}-" 'index($3, want) == 1 { print $3; exit }')
	if [ -z "$version" ]; then
		echo "the archive has no linux-source-$series of version ${lab_kernel%%+*}" >&2
		return 1
	fi
	in_root "$root" sh -ec 'cd /tmp && exec apt-get download "$1"' sh "linux-source-$series=$version" &&
		dpkg -x "$root"/tmp/linux-source-*.deb "$1" &&
		rm "$root"/tmp/linux-source-*.deb
}

debug_key() {
	{
		cat "$MIRAGE_SRC/lab/debug.config" "$MIRAGE_SRC/lab/debug-build.sh"
		echo "$lab_kernel"
	} | sha256sum | cut -c1-12
}

# make_debug_kernel DIR: as a user of this waits for long, it says what it is at.
make_debug_kernel() {
	local tmp=$1.tmp old started_at=$SECONDS
	[ ! -d "$1" ] || return 0
	for old in "$cache"/debug-kernel-*.tmp; do
		[ ! -e "$old" ] || rm -rf --one-file-system -- "$old"
	done
	say "making the debug kernel (once; a quarter of an hour on two idle cores): source"
	proxy_env
	logged "$logs/debug-source.log" "fetching the kernel's source" fetch_source "$tmp"
	say "building the debug kernel (log: $logs/debug-kernel.log)"
	logged "$logs/debug-kernel.log" "building the debug kernel" \
		in_lab "$tmp=mirage/kernel" -- nice bash /mirage/src/lab/debug-build.sh
	mv "$tmp" "$1"
	say "the debug kernel is made ($((SECONDS - started_at)) s)"
}

# use_debug_kernel: sets $debug_kernel to the directory of a whole one.
use_debug_kernel() {
	debug_kernel=$cache/debug-kernel-$(debug_key)
	if [ ! -d "$debug_kernel" ]; then
		local before=$root
		use_root kernel
		with_lock debug-kernel make_debug_kernel "$debug_kernel"
		root=$before
	fi
	debug_release=$(cat "$debug_kernel/release")
}
