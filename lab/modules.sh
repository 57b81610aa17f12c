#!/bin/sh
# SPDX-License-Identifier: MIT
# Build the kernel modules for one kernel: SOURCE KERNEL-BUILD-TREE OUTPUT. Meson calls it.
set -eu

src=$1 kdir=$2 out=$3
mkdir -p "$out/objects"

# ninja's own make variables and job server are not kbuild's.
unset MAKEFLAGS MAKELEVEL
make -s -C "$kdir" M="$src" MO="$out/objects" -j"$(nproc)" modules

for ko in "$out"/objects/mm-core/*.ko "$out"/objects/drivers-gpu/*.ko; do
	[ ! -e "$ko" ] || cp -u "$ko" "$out/"
done
touch "$(dirname "$out")/modules-$(basename "$out" | sed 's/^kernel-//').stamp"
