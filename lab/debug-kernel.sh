# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The debug kernel, and the kernel's source, from which it and bench's peer are built.

# fetch_source VERSION DIR: the source package of a kernel, unpacked by dpkg into DIR: a tar file in usr/src.
fetch_source() {
	local upstream=${1%%+*} package series
	series=${upstream%.*}
	package=$(in_root "$root" apt-cache madison "linux-source-$series" |
		awk -v want="$upstream-" 'index($3, want) == 1 { print $3; exit }')
	if [ -z "$package" ]; then
		echo "the archive has no linux-source-$series of version $upstream" >&2
		return 1
	fi
	in_root "$root" sh -ec 'cd /tmp && rm -f linux-source-*.deb && exec apt-get download "$1"' sh "linux-source-$series=$package" &&
		dpkg -x "$root"/tmp/linux-source-*.deb "$2" &&
		rm "$root"/tmp/linux-source-*.deb
}

debug_key() {
	{
		cat "$MIRAGE_SRC/lab/debug.config" "$MIRAGE_SRC/lab/kernel-required.config" "$MIRAGE_SRC/lab/debug-build.sh"
		echo "$1"
	} | sha256sum | cut -c1-12
}

# make_debug_kernel VERSION DIR: as a user of this waits for long, it says what it is at.
make_debug_kernel() {
	local version=$1 tmp=$2.tmp old started_at=$SECONDS
	[ ! -d "$2" ] || return 0
	for old in "$cache"/debug-kernel-*.tmp; do
		[ ! -e "$old" ] || rm -rf --one-file-system -- "$old"
	done
	say "making the debug kernel $version (once; a quarter of an hour on two idle cores): source"
	proxy_env
	hint="a version whose source the archive has: ./mirage vm --kernel lists the versions, apt-cache madison the sources" \
		logged "$logs/debug-source.log" "fetching the kernel's source" fetch_source "$version" "$tmp"
	say "building the debug kernel (log: $logs/debug-kernel.log)"
	logged "$logs/debug-kernel.log" "building the debug kernel" \
		in_lab "$tmp=mirage/kernel" -- nice bash /mirage/src/lab/debug-build.sh
	mv "$tmp" "$2"
	say "the debug kernel is made ($((SECONDS - started_at)) s)"
}

# use_debug_kernel VERSION: sets $debug_kernel to the directory of a whole one.
use_debug_kernel() {
	debug_version=$1
	debug_kernel=$cache/debug-kernel-${1%%+*}-$(debug_key "$1")
	if [ ! -d "$debug_kernel" ]; then
		local before=$root
		use_root kernel
		with_lock debug-kernel make_debug_kernel "$1" "$debug_kernel"
		root=$before
	fi
}
