#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The steps of a CI job that tests a kernel, or a patch series for one, on this GPU: STEP... as root of a Debian container.
#
# Every recipe beside this one only calls these steps, so that what a service runs can be run by hand, and is:
# container-test.sh runs them on a fresh root file system. An image with all of it inside was rejected: the lab in it would
# be older than the checkout that it tests.
#
# Settings are environment variables, which both GitHub and GitLab pass on: see usage().
set -euo pipefail

mirage=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd -P)

usage() {
	cat <<'EOS'
usage: ci/container.sh STEP...

  packages   install what the other steps need
  unpack     fill the cache from MIRAGE_PACK, if that file is there
  kernel     apply MIRAGE_SERIES to MIRAGE_KERNEL, configure and build it
  test       run the tests; results and logs go to MIRAGE_OUT
  pack       put the cache's lab into MIRAGE_PACK

  MIRAGE_KERNEL   a kernel's source tree; empty: test on Debian's own kernel, and `kernel` has nothing to do
  MIRAGE_SERIES   patches to apply to it: a mailbox file, or a directory of *.patch; empty: the tree has them
  MIRAGE_CONFIG   one more configuration fragment for it
  MIRAGE_TESTS    arguments for ./mirage test, split at blanks, such as "--iommu mirage_svm"; empty: all
  MIRAGE_OUT      a new directory for junit.xml and logs/ (default: mirage-results)
  MIRAGE_PACK    the file that a CI keeps from one job to the next (default: mirage-cache.tar.zst)

The exit status is that of the step that failed; that of `test` is ./mirage test's own: 1 where a test failed, 2 for wrong
arguments, 125 where the lab failed. 3: the series does not apply. 4: the kernel does not build, or its configuration cannot
have what the tests need.
EOS
}

step() {
	printf '== %s\n' "$*"
}

# fail STATUS MESSAGE
fail() {
	printf 'ci/container.sh: %s\n' "$2" >&2
	exit "$1"
}

# ./mirage needs mount, which a minimal Debian has not; pack and unpack need zstd. The rest builds kernels.
step_packages() {
	export DEBIAN_FRONTEND=noninteractive
	apt-get update
	apt-get install -y --no-install-recommends ca-certificates mount zstd \
		bc bison cpio flex gcc git kmod libc6-dev libelf-dev libssl-dev make perl python3 rsync xz-utils
	rm -rf /var/lib/apt/lists/*
}

# One file, as services keep files: GitLab's archive of directories has neither owners nor hard links, of which the lab is
# full. Device nodes stay out: nobody but real root makes them, and the lab shows the host's.
step_pack() {
	local parts
	mapfile -t parts < <(cd "$cache" && find . -mindepth 1 -maxdepth 1 ! -name '*.tmp' \( -name 'root-*' -o -name 'accel-*' \))
	[ ${#parts[@]} -gt 0 ] || fail 1 "there is no lab in $cache to pack"
	tar -C "$cache" --numeric-owner --exclude='./root-*/dev/*' -cf - "${parts[@]}" | zstd -q -f -3 -T0 -o "$pack.new"
	mv "$pack.new" "$pack"
}

step_unpack() {
	if [ ! -e "$pack" ]; then
		echo "$pack is not there: the lab will be made from Debian's archive"
		return
	fi
	mkdir -p "$cache"
	zstd -q -d -c "$pack" | tar -C "$cache" --numeric-owner -xpf -
}

# In a container the tree may belong to another user than git would trust, and nobody has a name.
kernel_git() {
	git -c "safe.directory=*" -c user.name=ci -c user.email=ci@localhost -C "$MIRAGE_KERNEL" "$@"
}

apply_series() {
	local patches=("$1")
	[ ! -d "$1" ] || patches=("$1"/*.patch)
	[ -e "${patches[0]}" ] || fail 3 "there are no patches in $1"
	mapfile -t patches < <(realpath -- "${patches[@]}")
	step "applying $1"
	if ! kernel_git am --3way "${patches[@]}"; then
		kernel_git am --abort || true
		fail 3 "the series does not apply to $(kernel_git describe --always)"
	fi
}

configure() {
	local fragments=("$mirage/lab/kernel-required.config" ${MIRAGE_CONFIG:+"$MIRAGE_CONFIG"}) missing
	step "configuring"
	make -C "$MIRAGE_KERNEL" defconfig kvm_guest.config || return
	(cd "$MIRAGE_KERNEL" && scripts/kconfig/merge_config.sh -m .config "${fragments[@]}") || return
	make -C "$MIRAGE_KERNEL" olddefconfig || return
	# Kconfig drops silently what something else forbids, and the build takes long.
	missing=$(python3 "$mirage/lab/kernel_config.py" "$MIRAGE_KERNEL/.config" "${fragments[@]}") ||
		fail 4 "the kernel's configuration cannot have: ${missing//$'\n'/, }"
}

step_kernel() {
	if [ -z "$MIRAGE_KERNEL" ]; then
		echo "no MIRAGE_KERNEL: the tests run on Debian's kernel"
		return
	fi
	[ -f "$MIRAGE_KERNEL/Kbuild" ] && [ -d "$MIRAGE_KERNEL/mm" ] || fail 4 "$MIRAGE_KERNEL is no kernel tree"
	[ -z "$MIRAGE_SERIES" ] || apply_series "$MIRAGE_SERIES"
	configure || fail 4 "the kernel cannot be configured"
	step "building $(make -s -C "$MIRAGE_KERNEL" kernelrelease)"
	make -C "$MIRAGE_KERNEL" -s -j"$(nproc)" bzImage modules || fail 4 "the kernel does not build"
}

step_test() {
	local arguments=() more
	[ -z "$MIRAGE_KERNEL" ] || arguments+=(--kernel "$MIRAGE_KERNEL")
	read -r -a more <<<"$MIRAGE_TESTS"
	MIRAGE_CACHE=$cache "$mirage/mirage" test --junit "$MIRAGE_OUT/junit.xml" --logs "$MIRAGE_OUT/logs" "${arguments[@]}" "${more[@]}"
}

main() {
	local name
	case ${1:---help} in
	-h | --help)
		usage
		return
		;;
	esac
	for name; do
		[[ $name =~ ^(packages|unpack|kernel|test|pack)$ ]] || fail 2 "no step '$name': see --help"
	done
	[ "$(id -u)" -eq 0 ] || fail 2 "the steps want root, a container's own at least"

	MIRAGE_KERNEL=${MIRAGE_KERNEL:+$(realpath -- "$MIRAGE_KERNEL")}
	MIRAGE_CONFIG=${MIRAGE_CONFIG:+$(realpath -- "$MIRAGE_CONFIG")}
	MIRAGE_SERIES=${MIRAGE_SERIES:-}
	MIRAGE_TESTS=${MIRAGE_TESTS:-}
	MIRAGE_OUT=$(realpath -m -- "${MIRAGE_OUT:-mirage-results}")
	pack=$(realpath -m -- "${MIRAGE_PACK:-mirage-cache.tar.zst}")
	cache=$(realpath -m -- "${MIRAGE_CACHE:-${HOME:-/root}/.cache/mirage}")
	for name; do
		step "$name"
		"step_$name"
	done
}

main "$@"
