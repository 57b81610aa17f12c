# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The lab's root file systems.
#
# The base root is a Debian with all that building and booting need. Others are the base and some packages more, made
# when first asked for: hard links to the base's files (dpkg replaces files, it never writes into them), with copies of
# what package tools do write into. Overlay mounts were rejected for this: they fail where the cache itself lies on one.
#
# A root's name has a hash of all that goes into it. It is built beside its place and renamed into it, so one that is
# there is whole. Only the holder of the lock "roots" builds, so it may remove any half-built one that it finds. Roots
# that no checkout has used for a fortnight go when the next one is made.

# shellcheck source=lab/versions
. "$MIRAGE_SRC/lab/versions"
# shellcheck source=lab/host-tools.sh
. "$MIRAGE_SRC/lab/host-tools.sh"
# shellcheck source=lab/kernels.sh
. "$MIRAGE_SRC/lab/kernels.sh"

# package_list LIST: the file of lab/packages, or, with "more", what the user wants beside.
package_list() {
	if [ "$1" = more ]; then
		printf '%s\n' "${more_packages[@]}" | sort -u
	else
		grep -v '^#' "$MIRAGE_SRC/lab/packages/$1" | grep .
	fi
}

base_key() {
	cat "$MIRAGE_SRC/lab/root.sh" "$MIRAGE_SRC/lab/versions" "$MIRAGE_SRC/lab/packages/base" | sha256sum | cut -c1-12
}

# root_dir base | root_dir NAME: where it is, or will be.
root_dir() {
	local key
	key=$(base_key)
	case $1 in
	base) ;;
	*) key+=-$1-$({
		package_list "$1"
		[ "$1" != dkms ] || tested_kernels
	} | sha256sum | cut -c1-8) ;;
	esac
	printf '%s/root-%s' "$cache" "$key"
}

# contained [UNSHARE-OPTIONS] -- COMMAND...: in namespaces of its own, which end when this process ends, however it does.
contained() {
	setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child=KILL --propagation private "$@"
}

# dpkg's options go into the new root by a hook: given as such, they are applied to the first packages, too, by a program
# that wants Python, which this machine may not have.
bootstrap() {
	local mirror dpkg_options=force-unsafe-io path
	mirror=$(host_mirror)
	for path in /usr/share/man /usr/share/doc /usr/share/info /usr/share/locale /usr/share/lintian; do
		dpkg_options+="\npath-exclude=$path/*"
	done

	contained --mount-proc -- "${mmdebstrap[@]}" --variant=apt --mode=root \
		--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
		--aptopt='Acquire::Retries "3"' \
		--setup-hook="mkdir -p \"\$1/etc/dpkg/dpkg.cfg.d\"; printf '$dpkg_options\n' >\"\$1/etc/dpkg/dpkg.cfg.d/lab\"" \
		"$suite" "$1" ${mirror:+"$mirror"}
}

# The bootstrap's own list names the mirror; from it come the other suites'.
apt_sources() {
	local root=$1 uri
	uri=$(sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' "$root/etc/apt/sources.list" | head -n 1)
	if [ -z "$uri" ]; then
		echo "no archive in the new root's sources.list" >&2
		return 1
	fi
	printf 'deb %s %s main\n' "$uri" "$suite" "$uri" "$suite-updates" "$uri" "$suite-backports" \
		>"$root/etc/apt/sources.list"
	cat >"$root/etc/apt/preferences.d/lab" <<-EOF
		Package: src:linux src:qemu src:seabios
		Pin: release n=$suite-backports
		Pin-Priority: 600
	EOF
}

# in_root ROOT COMMAND...: with the network and without any of the lab's mounts.
in_root() {
	local root=$1
	shift
	cp -L /etc/resolv.conf "$root/etc/resolv.conf"
	contained -- sh -ec '
		root=$1
		shift
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 exec chroot "$root" "$@"' sh "$root" "$@"
}

# The kernel that this root gets: the one of lab/versions, else the newest that was tested, else the archive's newest.
choose_kernel() {
	local root=$1 there version
	there=$(archive_kernels "$root")
	for version in "$kernel" $(tested_kernels) $(head -n 1 <<<"$there"); do
		if grep -qxF -- "$version" <<<"$there"; then
			printf '%s' "$version" >"$root/etc/mirage-kernel"
			return
		fi
	done
	echo "the archive has no kernel with headers" >&2
	return 1
}

# kernel_packages VERSION: without linux-image's own package, which would bring an initramfs tool: nothing here boots from
# one.
kernel_packages() {
	printf 'linux-%s-amd64\n' "binary-$1" "modules-$1" "headers-$1"
}

install_base() {
	local root=$1 list
	in_root "$root" apt-get update &&
		choose_kernel "$root" &&
		mapfile -t list < <(package_list base && kernel_packages "$(cat "$root/etc/mirage-kernel")") &&
		in_root "$root" apt-get install -y "${list[@]}" &&
		in_root "$root" apt-get clean &&
		mkdir -p "$root"/mnt/share "$root"/mirage/{src,build,run,kernel,linux,guest,stage,newroot,peer}
}

make_base() {
	local root=$1 tmp=$1.tmp version
	host_tools
	proxy_env
	say "making the lab in $cache (once): base system"
	logged_packages "$logs/bootstrap.log" "making the base system" bootstrap "$tmp"
	say "making the lab: kernel, QEMU and compilers"
	apt_sources "$tmp"
	logged_packages "$logs/packages.log" "installing the lab's packages" install_base "$tmp"
	version=$(cat "$tmp/etc/mirage-kernel")
	[ "$version" = "$kernel" ] ||
		note "the archive no longer has Linux $kernel: the lab has $version ($(kernel_state "$version"))"
	mv "$tmp" "$root"
}

# Packages with the headers of each kernel that was tested and that the archive still has.
tested_headers() {
	archive_kernels "$1" | grep -xFf <(tested_kernels) | sed 's/.*/linux-headers-&-amd64/'
}

install_more() {
	local root=$1 list
	in_root "$root" apt-get update &&
		mapfile -t list < <(package_list "$2" && { [ "$2" != dkms ] || tested_headers "$root"; }) &&
		in_root "$root" apt-get install -y "${list[@]}" &&
		in_root "$root" apt-get clean
}

# Packages that $newer_suite has and the lab's suite has not: igt_runner and IGT's tests, and the libraries that they need newer.
# They are kept apart in /opt/igt, for programs that ask for them.
install_igt() {
	local root=$1 uri
	uri=$(sed -n 's/^deb \([^ ]*\) .*/\1/p' "$root/etc/apt/sources.list" | head -n 1)
	echo "deb $uri $newer_suite main" >"$root/etc/apt/sources.list.d/newer.list"
	printf 'Package: *\nPin: release n=%s\nPin-Priority: -1\n' "$newer_suite" >"$root/etc/apt/preferences.d/newer"
	in_root "$root" apt-get -o Acquire::Check-Valid-Until=false update &&
		in_root "$root" sh -ec '
			mkdir -p /opt/igt /tmp/igt
			cd /tmp/igt
			for p in igt-gpu-tools igt-gpu-tools-tests libdrm2 libdrm-amdgpu1 libdrm-nouveau2 libdrm-intel1; do
				apt-get download "$p/$1"
			done
			for deb in *.deb; do dpkg -x "$deb" /opt/igt; done
			rm -r /tmp/igt' sh "$newer_suite"
}

make_derived() {
	local name=$1 root=$2 tmp=$2.tmp base
	base=$(root_dir base)
	proxy_env
	if [ "$name" = more ]; then
		say "adding to the lab (once): $(package_list more | paste -sd' ')"
	else
		say "adding to the lab (once): packages for $name"
	fi
	mkdir "$tmp"
	cp -al "$base/usr" "$tmp/usr"
	find "$base" -mindepth 1 -maxdepth 1 ! -name usr -exec cp -a -t "$tmp" {} +
	logged_packages "$logs/packages-$name.log" "installing the packages for $name" install_more "$tmp" "$name"
	if [ "$name" = test ]; then
		logged "$logs/igt.log" "fetching IGT from $newer_suite" install_igt "$tmp"
	fi
	mv "$tmp" "$root"
}

remove_stale() {
	local old fd
	for old in "$cache"/root-*.tmp; do
		[ ! -e "$old" ] || rm -rf --one-file-system -- "$old"
	done

	# A user of a root holds this lock, and leaves the time in the root's /etc.
	exec {fd}>>"$cache/lock/use"
	if flock -n -x "$fd"; then
		find "$cache" -mindepth 3 -maxdepth 3 -path '*/root-*/etc/mirage-used' -mtime +14 |
			while read -r old; do
				rm -rf --one-file-system -- "${old%/etc/mirage-used}"
			done
	fi
	exec {fd}>&-
}

make_root() {
	local name=$1 root free
	[ "$name" = base ] || make_root base
	root=$(root_dir "$name")
	[ ! -d "$root" ] || return 0
	remove_stale
	free=$(df --output=avail -BM "$cache" | tail -n 1 | tr -dc 0-9)
	if [ "$free" -lt 4000 ]; then
		die "the disk of $cache has $free MB free, the lab needs 4000 MB" "make room, or set MIRAGE_CACHE to a directory on a larger disk"
	fi
	if [ "$name" = base ]; then
		make_base "$root"
	else
		make_derived "$name" "$root"
	fi
}

# use_root NAME: sets $root to a root that is whole, and keeps it from being removed while this process lives.
use_root() {
	cache_init
	root=$(root_dir "$1")
	[ -d "$root" ] || with_lock roots make_root "$1"
	exec {use_fd}>>"$cache/lock/use"
	flock -s "$use_fd"
	[ -d "$root" ] || die "another ./mirage has just removed $root, because nothing had used it for long" "run the command again"
	touch "$root/etc/mirage-used"
	lab_kernel=$(cat "$root/etc/mirage-kernel")
}
