#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# compat/ and modules.sh against kernel trees in which an interface is another: KERNEL-RELEASE. Runs in the lab; prints lines
# of "passed NAME" and "failed NAME REASON".
#
# The tree is the installed headers behind links, but for the file that a case edits. The build takes this project's Kbuild
# and compat/ around a driver of one file, which says by static_assert() what it wants to see.
set -uo pipefail

headers=/usr/src/linux-headers-$1
common=/usr/src/linux-headers-${1%-amd64}-common
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# A tree of kernel headers, and a copy of the two files that the cases edit.
make_tree() {
	cp -as "$common" "$dir/linux" && cp -as "$headers" "$dir/obj" || return
	ln -sfn "$common/scripts" "$dir/linux/scripts"
	ln -sfn "$common/tools" "$dir/linux/tools"
	ln -sfn "$common/scripts" "$dir/obj/scripts"
	ln -sfn "$common/tools" "$dir/obj/tools"
	rm "$dir/obj/Makefile"
	# A kernel of 7.2 has the flag. The newest form is where each case starts.
	sed '/DRIVER_GEM_GPUVA[[:space:]]*= /d' "$common/include/drm/drm_drv.h" >"$dir/drm_drv.h"
	reset_tree
}

reset_tree() {
	cp --remove-destination "$dir/drm_drv.h" "$dir/linux/include/drm/drm_drv.h"
	ln -sf "$common/include/drm/drm_gpuvm.h" "$dir/linux/include/drm/drm_gpuvm.h"
	ln -sf "$common/include/linux/module.h" "$dir/linux/include/linux/module.h"
	ln -sf "$headers/Module.symvers" "$dir/obj/Module.symvers"
}

# edit FILE SED-PROGRAM: in the tree, and only there.
edit() {
	sed "$2" "$dir/$1" >"$dir/edited" && ! cmp -s "$dir/edited" "$dir/$1" &&
		cp --remove-destination "$dir/edited" "$dir/$1"
}

make_driver() {
	mkdir -p "$dir/src/mm-core" "$dir/src/drivers-gpu"
	ln -s /mirage/src/Kbuild /mirage/src/VERSION /mirage/src/compat /mirage/src/lab "$dir/src/" 2>/dev/null
	echo 'obj-m := hmm_mirror.o' >"$dir/src/mm-core/Kbuild"
	echo 'obj-m := mirage.o' >"$dir/src/drivers-gpu/Kbuild"
	printf '#include <linux/module.h>\nMODULE_LICENSE("GPL");\nMODULE_DESCRIPTION("empty");\n' >"$dir/src/mm-core/hmm_mirror.c"
	cat >"$dir/src/drivers-gpu/mirage.c" <<-'EOF'
		#include <linux/module.h>
		#include <drm/drm_drv.h>
		#include <drm/drm_gpuvm.h>
		MODULE_LICENSE("GPL");
		MODULE_DESCRIPTION("a user of interfaces");
		#ifdef COMPAT_HAS_DRIVER_GEM_GPUVA
		static_assert(DRIVER_GEM == (BIT(0) | BIT(8)));
		#else
		static_assert(DRIVER_GEM == BIT(0));
		#endif
		void *use[] = { drm_gpuvm_init };
	EOF
}

build() {
	/mirage/src/lab/modules.sh "$dir/src" "$dir/out" -C "$dir/linux" "O=$dir/obj" >"$dir/log" 2>&1
}

# verdict STATUS NAME: of a case, with the end of the build's output where it is not the right one.
verdict() {
	if [ "$1" -eq 0 ]; then
		echo "passed compat-$2"
	else
		echo "failed compat-$2 $(tail -n 4 "$dir/log" | tr '\n' ' ')"
	fi
}

has_flag() {
	grep -q '^#define COMPAT_HAS_DRIVER_GEM_GPUVA 1$' "$dir/out/objects/compat/have.h"
}

# names PATTERN: the build failed, and its last words have the interface's name and the kernels that work.
names() {
	! build && grep -qE "^mirage: Linux [^ ]* lacks these interfaces, or has other forms of them: $1" "$dir/log" &&
		grep -q "^mirage: the driver is known to work on Linux" "$dir/log"
}

make_tree && make_driver && build && ! has_flag
verdict $? newest-form

edit linux/include/drm/drm_drv.h 's/^\tDRIVER_GEM\t.*/&\n\tDRIVER_GEM_GPUVA = BIT(8),/' && build && has_flag
verdict $? older-form-is-seen-in-a-tree-that-changed

reset_tree
build && ! has_flag
verdict $? newest-form-again

edit linux/include/drm/drm_gpuvm.h 's/\bdrm_gpuvm_init\b/drm_gpuvm_setup/' && names "drm_gpuvm_init"
verdict $? renamed-function-is-named

reset_tree
edit linux/include/drm/drm_gpuvm.h 's/^#include <drm\/drm_gem.h>/#include <drm\/drm_gem_moved.h>/' && names "<drm/drm_gem_moved.h>"
verdict $? missing-header-is-named

reset_tree
edit linux/include/drm/drm_drv.h 's/^#include <linux\/list.h>/#include <linux\/list_moved.h>/' && names "<linux/list_moved.h>"
verdict $? header-that-a-probe-lacks-is-named

reset_tree
edit obj/Module.symvers '/\tdrm_gpuvm_init\t/d' && names "drm_gpuvm_init"
verdict $? missing-export-is-named

reset_tree
edit linux/include/linux/module.h '1i #error broken' && ! build && grep -q '#error broken' "$dir/log"
verdict $? broken-tree-is-no-missing-interface
