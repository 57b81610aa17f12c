#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The first process of the lab's namespaces: makes the mounts, runs one command in the chroot, and goes, and all with it.
# Started by in_lab (enter.sh): ROOT [DIR=PLACE]... -- COMMAND...
set -euo pipefail

# A first process ignores every signal that it has no handler for.
trap 'exit 130' INT
trap 'exit 143' TERM HUP

root=$1
shift
mount --bind "$root" "$root"
mount --bind "$root" "$root/mirage/guest"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"

while [ "$1" != -- ]; do
	dir=${1%=*}
	place=${1##*=}
	shift
	mount --bind "$dir" "$root/$place"
	case $place in
	mirage/src)
		mount -o remount,bind,ro "$root/$place"
		mount --bind "$dir" "$root/mirage/guest/$place"
		;;
	mirage/build | mirage/kernel | mirage/peer)
		mount --bind "$dir" "$root/mirage/guest/$place"
		;;
	esac
done
shift

# Programs find what was built as if it were installed: the tools, and libmirage by pkg-config and when linked with it.
built=/mirage/build/usr
exec_env=(env -i "PATH=$built/bin:/usr/sbin:/usr/bin" "PKG_CONFIG_PATH=$built/lib/pkgconfig" "LD_LIBRARY_PATH=$built/lib"
	HOME=/root LANG=C.UTF-8 "TERM=${TERM:-dumb}" LAB=1)
for name in "${!LAB_@}"; do
	exec_env+=("$name=${!name}")
done
cd /
chroot "$root" "${exec_env[@]}" "$@"; exit
