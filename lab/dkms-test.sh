#!/bin/bash
# SPDX-License-Identifier: MIT
# The modules as DKMS builds them, in the lab: installs their source as `meson install` does, and for each kernel whose
# headers are here adds, builds, installs and removes them. Says "passed dkms-KERNEL" or "failed dkms-KERNEL REASON".
#
# All of DKMS's trees are in memory, below /tmp: the lab's root is shared, and a module that is installed there would be
# found by each guest.
set -uo pipefail

tree=/tmp/dkms
modules=$tree/modules
mkdir -p "$tree/state" "$modules"

meson install -C /mirage/build/main --no-rebuild --quiet --tags dkms --destdir "$tree/dest" || exit 1
source=$(find "$tree/dest" -name dkms.conf -printf '%h')
version=$(cat /mirage/src/VERSION)

# dkms_run COMMAND KERNEL
dkms_run() {
	dkms "$1" -m mirage -v "$version" -k "$2" --dkmstree "$tree/state" --sourcetree "${source%/*}" --installtree "$modules" \
		--no-depmod
}

# check_module FILE KERNEL: what is wrong with an installed module.
check_module() {
	local told
	if [ ! -e "$1" ]; then
		echo "${1##*/} was not installed"
		return
	fi
	told=$(modinfo -F version "$1")
	[ "$told" = "$version" ] || echo "${1##*/} has version '$told'"
	told=$(modinfo -F vermagic "$1")
	[[ $told == "$2 "* ]] || echo "${1##*/} is for '$told'"
}

# check KERNEL: what is wrong with it; nothing where all went well.
check() {
	local kernel=$1 step name ko left
	mkdir -p "$modules/$kernel"
	ln -s "/lib/modules/$kernel/build" "$modules/$kernel/build"
	for step in add build install; do
		if ! dkms_run $step "$kernel" >&2; then
			echo "dkms $step failed"
			find "$tree/state" -name make.log -exec cat {} + >&2
			return
		fi
	done
	for name in hmm_mirror mirage; do
		ko=$(find "$modules/$kernel" -name "$name.ko*")
		check_module "${ko:-$name.ko}" "$kernel"
	done
	dkms_run remove "$kernel" >&2 || echo "dkms remove failed"
	left=$(find "$modules/$kernel" "$tree/state/mirage" -type f 2>/dev/null | head -n 3 | xargs)
	[ -z "$left" ] || echo "dkms remove left $left"
}

for build in /lib/modules/*/build; do
	kernel=${build%/build}
	kernel=${kernel##*/}
	wrong=$(check "$kernel" | paste -sd';')
	if [ -z "$wrong" ]; then
		echo "passed dkms-$kernel"
	else
		echo "failed dkms-$kernel $wrong"
	fi
done
