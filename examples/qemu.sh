#!/bin/sh
# SPDX-License-Identifier: MIT
# A mirage GPU in a virtual machine of one's own: a QEMU with the arguments given, and mirage-gpu beside it.
#
# This has what the GPU needs of QEMU and not more: memory that another process can map, and the device. All else (disk,
# kernel, processors, acceleration, display) is the caller's. Both processes end together: the GPU serves one machine and
# ends with it. The lab's own machine (lab/machine.sh) is far more than this, and so no model for others.
set -eu

usage() {
	cat <<'END'
usage: examples/qemu.sh [--mem SIZE] [--vram SIZE] [--] QEMU-ARGUMENTS...

Runs QEMU with QEMU-ARGUMENTS and a mirage GPU. QEMU has to be 10.1 or newer.

  --mem SIZE   the machine's memory (default 2G); no -m among QEMU's arguments
  --vram SIZE  the GPU's video memory (default 256M)

MIRAGE_GPU and QEMU in the environment name the two programs, where they are not mirage-gpu and
qemu-system-x86_64 in the PATH.
END
}

mem=2G
vram=256M
while [ $# -gt 0 ]; do
	case $1 in
	--help)
		usage
		exit
		;;
	--mem | --vram)
		[ $# -gt 1 ] || {
			echo "qemu.sh: $1 needs a value" >&2
			exit 2
		}
		[ "$1" = --mem ] && mem=$2 || vram=$2
		shift 2
		;;
	--)
		shift
		break
		;;
	*) break ;;
	esac
done

dir=$(mktemp -d)
gpu=
trap '[ -z "$gpu" ] || kill "$gpu" 2>/dev/null || true; rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

"${MIRAGE_GPU:-mirage-gpu}" --socket "$dir/gpu.sock" --vram "$vram" &
gpu=$!

# QEMU connects once. The GPU listens a moment after its start, or has ended with a message.
while [ ! -S "$dir/gpu.sock" ]; do
	kill -0 "$gpu" 2>/dev/null || exit 1
	sleep 0.05
done

# share=on: the GPU maps the machine's memory and reaches it by itself, as a PCI device does.
"${QEMU:-qemu-system-x86_64}" \
	-M q35,memory-backend=mem -m "$mem" \
	-object "memory-backend-memfd,id=mem,size=$mem,share=on" \
	-device pcie-root-port,id=gpu-port,chassis=1,slot=1 \
	-device "{\"driver\":\"vfio-user-pci\",\"bus\":\"gpu-port\",\"socket\":{\"type\":\"unix\",\"path\":\"$dir/gpu.sock\"}}" \
	"$@"
