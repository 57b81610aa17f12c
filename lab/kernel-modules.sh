#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Make a lib/modules of the modules in /mirage/kernel, for modprobe here and in the guest: RELEASE OUTPUT. Runs in the lab.
#
# The modules stay where they are, behind links: installing a distribution's four thousand takes minutes after each change,
# and a tree that is built anew is what the links lead to.
set -euo pipefail

release=$1
dir=$2/lib/modules/$release
rm -rf "$dir"
mkdir -p "$dir"

if [ -e /mirage/kernel/modules.order ]; then
	cd /mirage/kernel
	mkdir "$dir/links"
	sed 's,^\(.*\)\.o$,/mirage/kernel/\1.ko,' modules.order | xargs -r cp -s --parents -t "$dir/links"
	mv "$dir/links/mirage/kernel" "$dir/kernel"
	rm -r "$dir/links"
	sed 's,^\(.*\)\.o$,kernel/\1.ko,' modules.order >"$dir/modules.order"
else
	for place in /mirage/kernel/lib /mirage/kernel/usr/lib; do
		[ ! -d "$place/modules/$release" ] || cd "$place/modules/$release"
	done
	ln -s "$PWD/kernel" "$dir/kernel"
	[ ! -e modules.order ] || cp modules.order "$dir/"
fi
for file in modules.builtin modules.builtin.modinfo; do
	[ ! -e $file ] || cp $file "$dir/"
done
depmod -b "$2" "$release"
