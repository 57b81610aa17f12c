#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Make a lib/modules of the modules in /mirage/kernel and of the driver's, for modprobe here and in the guest: RELEASE OUTPUT
# all|driver. The driver's are in OUTPUT; with "driver" only they have changed. Runs in the lab.
#
# The modules stay where they are, behind links: installing a distribution's four thousand takes minutes after each change,
# and a tree that is built anew is what the links lead to. Listing them takes seconds, and is left out where the driver's
# modules need and serve what they did.
set -euo pipefail

release=$1
out=$2
dir=$out/lib/modules/$release

link_kernel() {
	local file place
	rm -rf "$dir"
	mkdir -p "$dir"
	if [ -e /mirage/kernel/.config ]; then
		cd /mirage/kernel
		mkdir "$dir/links"
		sed 's,^\(.*\)\.o$,/mirage/kernel/\1.ko,' modules.order | xargs -r cp -s --parents -t "$dir/links"
		mv "$dir/links/mirage/kernel" "$dir/kernel"
		rm -r "$dir/links"
		sed 's,^\(.*\)\.o$,kernel/\1.ko,' modules.order >"$dir/modules.order"
	else
		# Packages that were unpacked, or a root's own directory of this kernel.
		for place in /mirage/kernel /mirage/kernel/lib/modules/"$release" /mirage/kernel/usr/lib/modules/"$release"; do
			[ ! -d "$place/kernel" ] || cd "$place"
		done
		ln -s "$PWD/kernel" "$dir/kernel"
		[ ! -e modules.order ] || cp modules.order "$dir/"
	fi
	for file in modules.builtin modules.builtin.modinfo; do
		[ ! -e $file ] || cp $file "$dir/"
	done
}

[ "$3" = driver ] || link_kernel

mkdir -p "$dir/updates"
needs=
for ko in "$out"/*.ko; do
	[ -e "$ko" ] || continue
	ln -sf "$ko" "$dir/updates/"
	needs+=$(modinfo "$ko" | grep -E '^(name|alias|depends|softdep):')$'\n'
done
if [ ! -e "$dir/mirage" ] || [ "$needs" != "$(cat "$dir/mirage")"$'\n' ]; then
	depmod -b "$out" "$release"
fi
printf '%s' "$needs" >"$dir/mirage"
