#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Build the debug kernel, in the lab, in /mirage/kernel, where the source package was unpacked. Leaves there a built kernel
# tree as --kernel takes one, without what only another build of the kernel itself would need.
set -euo pipefail

cd /mirage/kernel
tar --strip-components=1 -xf usr/src/linux-source-*.tar.xz
# The archive's tree has a usr of its own beside the package's.
rm -r usr/src usr/share

# The driver's libraries have no prompt of their own, and every driver that selects them takes longer to build than the
# rest of this kernel. This adds one that does nothing else.
cat >>drivers/gpu/drm/Kconfig <<'EOF'

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

# The same without the driver that kernel-required.config names for that purpose.
fragments=(/tmp/required.config /mirage/src/lab/debug.config)
grep -vE '^CONFIG_(DRM_XE|X86_PLATFORM_DEVICES)=' /mirage/src/lab/kernel-required.config >/tmp/required.config

build=(make -s "-j$(nproc)")
"${build[@]}" x86_64_defconfig kvm_guest.config
scripts/kconfig/merge_config.sh -m .config "${fragments[@]}"
"${build[@]}" olddefconfig
python3 /mirage/src/lab/kernel_config.py .config "${fragments[@]}"
echo "options on: $(grep -c '=[ym]' .config)"

"${build[@]}" bzImage modules

# What remains is for booting it and for building modules: headers, scripts, modules and what the build made. The bench
# builds its peer.
find . \( -name '*.o' -o -name '*.a' -o -name '.*.cmd' -path './drivers/*' \) ! -path './scripts/*' ! -path './tools/*' \
	-delete
rm -rf Documentation samples
find block crypto drivers fs init ipc kernel lib mm net security sound virt -type f ! -name '*.ko' ! -name 'Kconfig*' \
	! -name 'test_hmm*' -delete
