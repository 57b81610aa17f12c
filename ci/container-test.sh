#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs the steps of container.sh in containers, without a container engine: [root | user]..., as root.
#
# A container is made of what engines make it of: a fresh minimal Debian, namespaces, a few bound device nodes, few
# capabilities (container-enter.sh). `root` is a rootful container without --privileged. `user` is a rootless one: its root
# is the host's user 200000, which has no right outside. Real root writes its map of ids, as newuidmap would, so that the
# machine needs no /etc/subuid. In each, the lab is made from Debian's archive and a guest test runs in it; then the cache
# goes, comes back from the packed file, and the test runs without any network, which shows that the file is enough.
#
# An engine in the lab was rejected: what is to be known is what ./mirage asks of a kernel, and an engine in a chroot needs
# so many exceptions of its own that it would no longer tell. So this says nothing of the engines' own options.
set -euo pipefail

MIRAGE_SRC=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd -P)
MIRAGE_CACHE=$(realpath -m "${MIRAGE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mirage}")
export MIRAGE_SRC MIRAGE_CACHE
# shellcheck source=SCRIPTDIR/../lab/common.sh
. "$MIRAGE_SRC/lab/common.sh"
# shellcheck source=SCRIPTDIR/../lab/root.sh
. "$MIRAGE_SRC/lab/root.sh"

# docs/ci.md says what for.
caps=+chown,+dac_override,+fowner,+fsetid,+kill,+setfcap,+setgid,+setpcap,+setuid,+sys_admin,+sys_chroot
first_id=200000

failures=0

# expect WHAT STATUS COMMAND...
expect() {
	local what=$1 want=$2 status=0
	shift 2
	"$@" || status=$?
	if [ "$status" = "$want" ]; then
		say "$kind: $what: passed"
	else
		say "$kind: $what: FAILED (status $status, not $want)"
		failures=$((failures + 1))
	fi
}

# The image: what `FROM debian` would give.
make_image() {
	image=$cache/container-image-$suite.tar
	[ ! -e "$image" ] || return 0
	host_tools
	say "making the image"
	proxy_env
	mirror=$(host_mirror)
	logged "$logs/container-image.log" "making the image" \
		"${mmdebstrap[@]}" --variant=minbase --mode=root "$suite" "$image.tmp.tar" ${mirror:+"$mirror"}
	mv "$image.tmp.tar" "$image"
}

# in_user_namespace COMMAND...: as root of one whose users are the host's from $first_id on.
in_user_namespace() {
	local pid
	rm -f "$work/made" "$work/mapped"
	mkfifo "$work/made" "$work/mapped"
	exec 7<>"$work/made" 8<>"$work/mapped"
	setpriv --reuid $first_id --regid $first_id --clear-groups unshare --user -- \
		bash -c 'echo >&7; read -ru 8 _; exec 7>&- 8>&-; exec "$@"' bash "$@" <&0 &
	pid=$!
	read -rt 20 -u 7 _ || die "no user namespace can be made here"
	echo "0 $first_id 65536" >"/proc/$pid/uid_map"
	echo "0 $first_id 65536" >"/proc/$pid/gid_map"
	echo >&8
	exec 7>&- 8>&-
	wait "$pid"
}

# as_engine COMMAND...: what is the container's root outside of it.
as_engine() {
	if [ "$kind" = user ]; then
		in_user_namespace "$@"
	else
		"$@"
	fi
}

# enter [UNSHARE-OPTION] [VARIABLE=VALUE]... -- COMMAND...
enter() {
	local namespaces=(--mount --pid --fork --kill-child=KILL --propagation private) options=()
	while [ "$1" != -- ]; do
		case $1 in
		--*) namespaces+=("$1") ;;
		*) options+=(-e "$1") ;;
		esac
		shift
	done
	shift
	CONTAINER_CAPS=$caps CONTAINER_MASK=${mask:-0} as_engine unshare "${namespaces[@]}" -- \
		bash "$MIRAGE_SRC/ci/container-enter.sh" "$work/$kind/root" \
		-v "$MIRAGE_SRC" mirage ro,nosuid,nodev -v "$work/$kind/cache" cache rw,nosuid,nodev \
		-v "$work/$kind/out" out rw,nosuid,nodev,noexec \
		-e MIRAGE_CACHE=/cache -e MIRAGE_PACK=/out/cache.tar.zst ${http_proxy:+-e "http_proxy=$http_proxy"} \
		${https_proxy:+-e "https_proxy=$https_proxy"} "${options[@]}" -- "$@" </dev/null
}

# A kernel tree of three files, for what the step does around kbuild: git, the fragment, the exit status.
fake_kernel='
	rm -rf /tmp/k /tmp/patches
	mkdir -p /tmp/k/mm /tmp/k/scripts/kconfig /tmp/patches && cd /tmp/k
	echo "obj-y += mm/" >Kbuild
	echo first >mm/file.c
	{
		printf "%%:\n\t@true\n"
		printf "defconfig:\n\t@cat /mirage/lab/kernel-required.config >full\n\t@grep -v \"\$(DROP)\" full >.config\n"
		printf "bzImage:\n\tgrep -q second mm/file.c\n"
	} >Makefile
	printf "#!/bin/sh\n" >scripts/kconfig/merge_config.sh
	chmod +x scripts/kconfig/merge_config.sh
	git="git -c user.name=a -c user.email=a@localhost"
	git init -q && git add -f . && $git commit -qm base
	echo second >mm/file.c && $git commit -qam "mm: second" && git format-patch -q -1 -o /tmp/patches && git reset -q --hard HEAD^
	chown -R 1000:1000 /tmp/k'

test_kernel_step() {
	local run='MIRAGE_KERNEL=/tmp/k exec bash /mirage/ci/container.sh kernel'
	expect "a tree without what the tests need is 4" 4 enter -- bash -ec "$fake_kernel; DROP=DEBUG_FS $run"
	expect "a kernel that does not build is 4" 4 enter -- bash -ec "$fake_kernel; DROP=nothing $run"
	expect "a series is applied, and the kernel built" 0 enter -- bash -ec "$fake_kernel; DROP=nothing MIRAGE_SERIES=/tmp/patches $run"
	expect "a series that does not apply is 3" 3 enter -- bash -ec "$fake_kernel
		sed -i s/first/other/ /tmp/patches/*.patch; DROP=nothing MIRAGE_SERIES=/tmp/patches $run"
}

test_container() {
	kind=$1
	say "$kind: unpacking the image"
	mkdir "$work/$kind"{,/root,/cache,/out}
	[ "$kind" = root ] || chown -R $first_id:$first_id "$work/$kind"
	as_engine tar -C "$work/$kind/root" --exclude='./dev/*' -xpf - <"$image"

	expect "packages" 0 enter -- bash /mirage/ci/container.sh packages >"$work/$kind.log" 2>&1
	test_kernel_step
	expect "a guest test, from nothing" 0 enter MIRAGE_OUT=/out/first "MIRAGE_TESTS=--guest mirage_basic@" -- \
		bash /mirage/ci/container.sh unpack kernel test pack
	expect "its JUnit file" 0 grep -q '<testcase name="linked-list"' "$work/$kind/out/first/junit.xml"
	expect "its kernel log" 0 grep -q 'Linux version' "$work/$kind"/out/first/logs/machines/*/kernel.log
	expect "its files belong to the container's root" 1 grep -qv "^$(stat -c %u "$work/$kind")\$" \
		<(find "$work/$kind/out" -printf '%U\n')

	as_engine find "$work/$kind/cache" -mindepth 1 -delete
	expect "the same from the packed cache, without a network" 0 enter --net MIRAGE_OUT=/out/second \
		"MIRAGE_TESTS=--guest mirage_basic@" -- bash /mirage/ci/container.sh unpack test
	expect "a pattern that matches no test is 2" 2 enter --net MIRAGE_OUT=/out/third \
		"MIRAGE_TESTS=--guest mirage_nosuch" -- bash /mirage/ci/container.sh test
	if [ "$kind" = user ]; then
		# As docs/ci.md says of masked paths; 32 is mount's status.
		mask=1 expect "a /proc masked by the engine is no hindrance" 0 enter -- \
			unshare --mount --pid --fork mount -t proc proc /mnt
		mount -t tmpfs -o ro tmpfs /proc/tty
		expect "a /proc masked outside of the user namespace is one" 32 enter -- true
		umount /proc/tty
	fi
	as_engine find "$work/$kind" -mindepth 2 -delete
}

main() {
	[ "$(id -u)" -eq 0 ] || die "this test wants root: it makes containers of both kinds"
	[ $# -gt 0 ] || set -- root user
	for kind; do
		[[ $kind == root || $kind == user ]] || die "no kind of container '$kind'"
	done
	cache_init
	make_image
	proxy_env
	work=$(mktemp -d /var/tmp/mirage-container.XXXXXX)
	trap 'rm -rf --one-file-system -- "$work"' EXIT
	chmod 711 "$work"
	for kind; do
		test_container "$kind"
	done
	say "$failures failed"
	[ "$failures" = 0 ]
}

# In process and mount namespaces of its own, so that no end of this script leaves a container behind.
if [ "${CONTAINED:-0}" = 0 ]; then
	CONTAINED=1 contained --mount-proc -- bash "${BASH_SOURCE[0]}" "$@"
	exit
fi
main "$@"; exit
