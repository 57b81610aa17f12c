#!/bin/bash
# SPDX-License-Identifier: MIT
# examples/qemu.sh gives a stock kernel the GPU: CHECKOUT MIRAGE-GPU. The guest is a kernel and one shell script as its
# first process, which says what it sees of the PCI device; what that has to be comes from the hardware's headers.
set -uo pipefail
src=$1
gpu=$2

skip() {
	echo "$1"
	exit 77
}

kernel=$(find /lib/modules/*/vmlinuz /boot/vmlinuz-* 2>/dev/null | sort -V | tail -n 1)
[ -r "$kernel" ] || skip "there is no kernel that can be booted"
busybox=$(command -v busybox) || skip "there is no busybox"
! ldd "$busybox" >/dev/null 2>&1 || skip "busybox is not linked statically"
qemu-system-x86_64 -device help 2>/dev/null | grep -q vfio-user-pci || skip "there is no QEMU with vfio-user-pci"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# define NAME: its value in pci.h, as sysfs writes it.
define() {
	sed -nE "s/^#define[[:space:]]+$1[[:space:]]+(0x[0-9a-f]+)\$/\1/p" "$src/hw/include/hw/pci.h"
}

mkdir -p "$dir/root/bin" "$dir/root/sys" "$dir/root/dev"
cp "$busybox" "$dir/root/bin/busybox"
cat >"$dir/root/init" <<EOF_INIT
#!/bin/busybox sh
PATH=/bin
/bin/busybox --install -s /bin
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for dev in /sys/bus/pci/devices/*; do
	[ "\$(cat \$dev/vendor)" = $(define MIRAGE_PCI_VENDOR) ] || continue
	echo 1 >\$dev/enable
	set -- \$(sed -n 1p \$dev/resource) \$(sed -n 3p \$dev/resource)
	echo "gpu: \$(cat \$dev/vendor) \$(cat \$dev/device) \$(cat \$dev/class) \$(cat \$dev/revision)" \\
		"id \$(devmem \$1 32) vram \$(((\$5 - \$4 + 1) >> 20))" | tr A-Z a-z
done
poweroff -f
EOF_INIT
chmod +x "$dir/root/init"
(cd "$dir/root" && find . | busybox cpio -o -H newc 2>/dev/null) >"$dir/initrd" || exit 1

# The register that identifies the device is read through BAR 0, and answered by the GPU's process.
wanted="gpu: $(define MIRAGE_PCI_VENDOR) $(define MIRAGE_PCI_DEVICE)"
wanted+=" $(define MIRAGE_PCI_CLASS) $(define MIRAGE_PCI_REVISION)"
wanted+=" id $(sed -nE 's/^REG\(BUS, ID, 0x0000, RO, (0x[0-9a-f]+),.*/\1/p' "$src/hw/include/hw/regs/bus.def") vram 64"

# Under emulation one boot in some hundred hangs before the first process, whatever the machine has.
for try in 1 2; do
	MIRAGE_GPU=$gpu timeout 80 "$src/examples/qemu.sh" --mem 512M --vram 64M -- \
		-accel tcg -cpu max -nodefaults -display none -no-reboot -serial stdio \
		-kernel "$kernel" -initrd "$dir/initrd" -append "console=ttyS0 mitigations=off panic=-1" \
		</dev/null >"$dir/console" 2>&1
	status=$?
	[ "$status" = 124 ] && ! grep -q 'Run /init' "$dir/console" || break
done
seen=$(tr -d '\r' <"$dir/console" | grep '^gpu: ')
if [ "$status" != 0 ] || [ "$seen" != "$wanted" ]; then
	printf 'want %s\nhave %s\nqemu.sh ended with status %s after try %s, and the console ends with:\n' \
		"$wanted" "$seen" "$status" "$try"
	tail -n 20 "$dir/console"
	exit 1
fi
echo "$seen"
