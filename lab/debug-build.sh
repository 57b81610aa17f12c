#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Build the debug kernel, in the lab, in /mirage/kernel, where the source package was unpacked. Leaves there: bzImage,
# vmlinux, System.map, release, its modules, and in src and obj what it takes to build modules against it.
set -euo pipefail

cd /mirage/kernel
mkdir src obj
tar -C src --strip-components=1 -xf usr/src/linux-source-*.tar.xz
rm -r usr

# The driver's libraries have no prompt of their own, and every driver that selects them takes longer to build than the
# rest of this kernel. This adds one that does nothing else.
cat >>src/drivers/gpu/drm/Kconfig <<'EOF'

config DRM_MIRAGE_DEPENDENCIES
	tristate "What the mirage driver stands on"
	depends on DRM && MMU
	select DRM_BUDDY
	select DRM_EXEC
	select DRM_GEM_SHMEM_HELPER
	select DRM_GPUSVM
	select DRM_GPUVM
	select DRM_KMS_HELPER
	select DRM_SCHED
	select DRM_TTM
	select DRM_TTM_HELPER
	select WANT_DEV_COREDUMP
EOF

build=(make -C src "O=$PWD/obj" -s "-j$(nproc)")
"${build[@]}" x86_64_defconfig kvm_guest.config
src/scripts/kconfig/merge_config.sh -m -O obj obj/.config /mirage/src/lab/debug.config
"${build[@]}" olddefconfig

# Configuration drops what it can't have without a word: that must not pass for a debug kernel.
missing=0
while read -r line; do
	if ! grep -qxF "$line" obj/.config; then
		echo "not in the configuration: $line"
		missing=1
	fi
done < <(grep '^CONFIG_' /mirage/src/lab/debug.config)
[ $missing = 0 ] || exit 1
echo "options on: $(grep -c '=[ym]' obj/.config)"

"${build[@]}" bzImage modules
"${build[@]}" INSTALL_MOD_PATH="$PWD" modules_install
cp obj/arch/x86/boot/bzImage obj/vmlinux obj/System.map .
cat obj/include/config/kernel.release >release
ln -sfn /mirage/kernel/obj "lib/modules/$(cat release)/build"

# What remains is for building modules: headers, scripts, and what the build made.
find obj -name '*.o' -o -name '*.a' -o -name '.*.cmd' -path '*/drivers/*' | grep -v '^obj/scripts/\|^obj/tools/' | xargs rm -f
rm -rf src/Documentation src/drivers src/fs src/net src/sound src/samples obj/vmlinux
