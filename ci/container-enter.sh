#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes a container's root and enters it, as an engine does before it runs a command; for container-test.sh. Runs as the
# first process of new mount and process namespaces, and of a user namespace where the container is unprivileged.
#
#   container-enter.sh ROOT [-v DIR PLACE OPTIONS]... [-e VARIABLE=VALUE]... -- COMMAND...
#
# The root is pivoted to, not chrooted: as in a real container, nothing of the host is left behind it, and namespaces can
# be made in it, which the kernel refuses inside a chroot. COMMAND has the capabilities of CONTAINER_CAPS and no others,
# and cannot get more: those are the ones that docs/ci.md asks an engine for.
set -euo pipefail

root=$1
shift
mount --bind "$root" "$root"

# /dev as engines make it: a few nodes of the host's, bound, since an unprivileged container can make none.
mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
for node in null zero full random urandom tty kvm; do
	[ -e "/dev/$node" ] || continue
	: >"$root/dev/$node"
	mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
# An instance of its own would need a network namespace of its own.
mount --rbind /sys "$root/sys"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
[ "${CONTAINER_MASK:-0}" = 0 ] || mount -t tmpfs -o ro tmpfs "$root/proc/tty"

environment=(PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8)
while [ "$1" != -- ]; do
	case $1 in
	-v)
		mkdir -p "$root/$3"
		mount --bind "$2" "$root/$3"
		mount -o "remount,bind,$4" "$root/$3"
		shift 4
		;;
	-e)
		environment+=("$2")
		shift 2
		;;
	esac
done
shift

cd "$root"
pivot_root . .
umount -l .
cd /
exec env -i "${environment[@]}" setpriv --bounding-set "-all,$CONTAINER_CAPS" --inh-caps=-all -- "$@"
