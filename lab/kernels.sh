# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Which kernel a machine boots, where it lies, and the driver's modules for it.
#
# A kernel is the lab's own, a package of its root; or a directory: a built tree, or packages unpacked. The debug kernel is
# such a tree, which the lab has built, and any other version of Debian's is such packages, which it has unpacked. All of
# them come down to the same few variables, so that nothing after use_kernel() asks which kind it was. Rejected: a root for
# each version, since each kernel would want one of each kind of root.
#
#   kernel_release   as uname -r says
#   kernel_key       name of what is built for it: $build/kernels/KEY, in the lab /mirage/build/kernels/KEY
#   kernel_make      what make needs to build modules for it, in the lab
#   kernel_image     in the lab
#   kernel_tree      the directory above its lib/modules, with the driver's modules among the others, in the lab
#   kernel_stamp     a file that is newer than that directory where it has to be made again
#   kernel_binds     what more the lab has to show for it
#   kernel_config    its configuration, on this machine
#   kernel_dir       the directory; empty: the root's own
#   kernel_source    where a tree's source is, on this machine; empty where it is not known
#
# A directory appears at /mirage/kernel in the lab, and the source of a tree that was built outside of it at /mirage/linux:
# kbuild's own files name neither by a path of this machine, but for the output directory's Makefile, which is passed by.

# shellcheck source=lab/debug-kernel.sh
. "$MIRAGE_SRC/lab/debug-kernel.sh"

kernel_variables() {
	kernel_release=
	kernel_key=
	kernel_make=()
	kernel_image=
	kernel_tree=
	kernel_stamp=
	kernel_binds=()
	kernel_config=
	kernel_dir=
	kernel_source=
}

# archive_kernels ROOT: the versions that the archive has whole, as ROOT's lists know it, newest first.
archive_kernels() {
	in_root "$1" apt-cache search --names-only '^linux-(binary|modules|headers)-[0-9]' |
		sed -n 's/^linux-\(binary\|modules\|headers\)-\([0-9][^ ]*\)-amd64 .*$/\1 \2/p' | sort -u |
		awk '$2 !~ /-/ { n[$2]++ } END { for (v in n) if (n[v] == 3) print v }' | sort -rV
}

# tested_kernels: those that lab/tested names, newest first.
tested_kernels() {
	sed -n 's/^\([0-9][^ ]*\) .*/\1/p' "$MIRAGE_SRC/lab/tested" | sort -ruV
}

# kernel_state VERSION: what is known of it, in a few words.
kernel_state() {
	awk -v v="$1" '$1 == v { printf "%s%s: %d passed, %d failed", sep, $2, $4, $5; sep = "; " }
		END { if (!sep) printf "not tested" }' "$MIRAGE_SRC/lab/tested"
}

# kernel_list: what --kernel takes.
kernel_list() {
	local version line
	printf '  stock\n  debug\n'
	printf '  DIR               a built kernel tree, or linux-image and linux-headers packages unpacked there\n'
	if [ ! -d "$(root_dir base)" ]; then
		for version in $(tested_kernels); do
			printf '  %-16s  %s\n' "$version" "$(kernel_state "$version")"
		done
		printf '  (./mirage build makes the lab, which can then list all kernels in the archive)\n'
		return
	fi
	line=$(cat "$(root_dir base)/etc/mirage-kernel")
	in_root "$(root_dir base)" apt-get -qq update >/dev/null 2>&1 || note "Debian's archive cannot be reached: this is the list of the last time"
	for version in $(archive_kernels "$(root_dir base)"); do
		printf '  %-16s  %s%s\n' "$version" "$(kernel_state "$version")" "$([ "$version" != "$line" ] || echo '; the lab'\''s: stock')"
	done
}

# kernel_error MESSAGE: and what there is.
kernel_error() {
	note "$1; choose one of these:"
	kernel_list >&2
	exit 2
}

# kernel_option VALUE: sets vm_kernel to what was asked for, a directory by its whole path.
kernel_option() {
	vm_kernel=$1
	[ -n "$1" ] || kernel_error "--kernel needs a value"
	if [[ $1 =~ ^(stock|debug|debug:[0-9][a-z0-9.+~-]*)$ ]] || [[ ! -d $1 && $1 =~ ^[0-9]+\.[0-9.]+[a-z0-9.+~-]*$ ]]; then
		return
	fi
	[ -d "$1" ] || kernel_error "--kernel: $1 is neither a version nor a directory"
	vm_kernel=$(realpath "$1")
}

# find_version VERSION: the name that cache or archive have for it, which may have a revision more than what was asked for.
find_version() {
	local found=''
	try_version() {
		found=$({
			find "$cache" -maxdepth 1 -name 'linux-*' ! -name '*.tmp' -printf '%f\n' | sed 's/^linux-//' | sort -rV
			archive_kernels "$(root_dir base)"
		} | grep -xE "${1//[.+]/\\&}([+~-].*)?" | sed -n 1p || true)
		[ -n "$found" ]
	}
	if ! try_version "$1"; then
		proxy_env
		in_root "$(root_dir base)" apt-get -qq update >/dev/null 2>&1 || true
		try_version "$1" || return 1
	fi
	printf '%s' "$found"
}

# fetch_kernel VERSION DIR: Debian's packages of it, unpacked.
fetch_kernel() {
	local dir=$2.tmp deb debs=()
	rm -rf --one-file-system -- "$dir"
	mkdir "$dir"
	mapfile -t debs < <(kernel_packages "$1")
	# shellcheck disable=SC2016 # the root's shell expands it
	in_root "$root" sh -ec 'rm -rf /tmp/debs; mkdir /tmp/debs; cd /tmp/debs; exec apt-get download "$@"' sh \
		"${debs[@]}" "linux-base-$1-amd64" "linux-headers-$1-common" "linux-kbuild-$1" || return
	for deb in "$root"/tmp/debs/*.deb; do
		dpkg -x "$deb" "$dir" || return
	done
	rm -r "$root/tmp/debs"
	mv "$dir" "$2"
}

make_kernel() {
	[ ! -d "$2" ] || return 0
	proxy_env
	say "fetching Linux $1 (once)"
	logged "$logs/linux-$1.log" "fetching Linux $1" fetch_kernel "$1" "$2"
}

# use_kernel: have the kernel that was asked for, and the driver for it. Needs use_root.
use_kernel() {
	local version
	kernel_variables
	case $vm_kernel in
	stock) use_debian_kernel ;;
	debug | debug:*)
		version=$lab_kernel
		if [ "$vm_kernel" != debug ]; then
			version=$(find_version "${vm_kernel#debug:}") || kernel_error "--kernel: the archive has no kernel ${vm_kernel#debug:}"
		fi
		use_debug_kernel "$version"
		kernel_dir=$debug_kernel
		use_kernel_tree
		;;
	/*)
		kernel_dir=$vm_kernel
		if [ -e "$kernel_dir/.config" ]; then
			use_kernel_tree
		else
			use_kernel_packages
		fi
		;;
	*)
		version=$vm_kernel
		if [ "$version" != "$lab_kernel" ] && [ ! -d "$cache/linux-$version" ]; then
			version=$(find_version "$version") || kernel_error "--kernel: the archive has no kernel $vm_kernel"
		fi
		if [ "$version" = "$lab_kernel" ]; then
			use_debian_kernel
		else
			kernel_dir=$cache/linux-$version
			[ -d "$kernel_dir" ] || with_lock linux make_kernel "$version" "$kernel_dir"
			use_kernel_packages
		fi
		;;
	esac
	kernel_tree=/mirage/build/kernels/$kernel_key
	[ "$vm_driver" = 0 ] || build_modules
	stage_modules
	# For ./mirage clean, which tells what is old.
	[[ $kernel_dir != "$cache"/* ]] || touch "$kernel_dir"
}

use_debian_kernel() {
	kernel_release=$lab_kernel-amd64
	kernel_key=$lab_kernel
	kernel_make=(-C "/lib/modules/$kernel_release/build")
	kernel_image=/lib/modules/$kernel_release/vmlinuz
	kernel_config=$root/usr/src/linux-headers-$kernel_release/.config
	kernel_binds=("$root/usr/lib/modules/$kernel_release=mirage/kernel")
	kernel_stamp=$root/usr/lib/modules/$kernel_release/modules.order
}

kernel_dir_key() {
	printf '%s-%s' "$(basename "$kernel_dir")" "$(printf '%s' "$kernel_dir" | sha256sum | cut -c1-12)"
}

# A tree that was built in place, or with O=.
use_kernel_tree() {
	local file missing
	for file in .config include/config/kernel.release Module.symvers arch/x86/boot/bzImage; do
		[ -e "$kernel_dir/$file" ] || missing+=" $file"
	done
	[ -z "${missing:-}" ] || die "$kernel_dir is no built kernel tree: it lacks$missing" "make it there first: make -j$(nproc)"

	kernel_release=$(cat "$kernel_dir/include/config/kernel.release")
	kernel_key=$(kernel_dir_key)
	kernel_image=/mirage/kernel/arch/x86/boot/bzImage
	kernel_config=$kernel_dir/.config
	kernel_binds=("$kernel_dir=mirage/kernel")
	kernel_source=$kernel_dir
	kernel_make=(-C /mirage/kernel)
	if [ ! -e "$kernel_dir/Kbuild" ]; then
		kernel_source=$(realpath -e "$kernel_dir/source" 2>/dev/null) ||
			die "$kernel_dir was built with O=, and its link 'source' leads to no directory"
		kernel_binds+=("$kernel_source=mirage/linux")
		kernel_make=(-C /mirage/linux O=/mirage/kernel)
	fi
	check_config
	kernel_stamp=$kernel_dir/modules.order
}

# The files that dpkg -x of linux-image and linux-headers (and of those that Debian's depend on) leaves.
use_kernel_packages() {
	local images headers lib=
	[ -d "$kernel_dir/lib/modules" ] || lib=usr/
	mapfile -t images < <(find "$kernel_dir" -maxdepth 5 -type f \( -path "$kernel_dir/boot/vmlinuz-*" -o -name vmlinuz \))
	[ ${#images[@]} -gt 0 ] ||
		die "$kernel_dir is no kernel: it has neither a .config nor boot/vmlinuz-* nor lib/modules/*/vmlinuz"
	[ ${#images[@]} -eq 1 ] || die "$kernel_dir has ${#images[@]} kernels, it may have 1: unpack one alone"
	kernel_release=$(basename "${images[0]}")
	if [ "$kernel_release" = vmlinuz ]; then
		kernel_release=$(basename "$(dirname "${images[0]}")")
	else
		kernel_release=${kernel_release#vmlinuz-}
	fi
	headers=$kernel_dir/usr/src/linux-headers-$kernel_release
	[ -e "$headers/.config" ] ||
		die "$kernel_dir lacks usr/src/linux-headers-$kernel_release: unpack the package linux-headers-$kernel_release there as well"
	[ -d "$kernel_dir/${lib}lib/modules/$kernel_release/kernel" ] ||
		die "$kernel_dir lacks lib/modules/$kernel_release/kernel: unpack the package with the kernel's modules there as well"

	kernel_key=$(kernel_dir_key)
	kernel_image=/mirage/kernel${images[0]#"$kernel_dir"}
	kernel_config=$headers/.config
	kernel_binds=("$kernel_dir=mirage/kernel")
	kernel_make=(-C "/mirage/kernel/usr/src/linux-headers-$kernel_release")
	# Debian's headers are in two directories, as a source and an output directory would be.
	if [ ! -d "$headers/include/linux" ]; then
		kernel_make=(-C "/mirage/kernel/usr/src/linux-headers-${kernel_release%-*}-common" "O=${kernel_make[1]}")
	fi
	check_config
	kernel_stamp=${images[0]}
}

# Name what the kernel lacks before anything is built or booted.
check_config() {
	local missing
	if ! missing=$(in_lab "${kernel_binds[@]}" -- python3 /mirage/src/lab/kernel_config.py --but CONFIG_DRM_XE,CONFIG_X86_PLATFORM_DEVICES \
		"/mirage/kernel${kernel_config#"$kernel_dir"}" /mirage/src/lab/kernel-required.config); then
		[ -n "$missing" ] || die "the configuration of the kernel in $kernel_dir can't be read"
		note "the configuration of the kernel in $kernel_dir lacks options that the lab or the driver needs:"
		printf '%s\n' "$missing" | sed 's/^/        /' >&2
		die "this command adds them: scripts/kconfig/merge_config.sh .config $MIRAGE_SRC/lab/kernel-required.config" \
			"(an option without a prompt needs a driver that selects it, such as CONFIG_DRM_XE)"
	fi
}

# modules_to_stage OUT: what of the list of modules has to be made again, all or driver; nothing where it is as it should be.
modules_to_stage() {
	local stamp=$1/lib/modules/$kernel_release/mirage
	if [ ! -e "$stamp" ] || [ "$kernel_stamp" -nt "$stamp" ]; then
		echo all
	elif [ -n "$(find "$1" -maxdepth 1 -name '*.ko' -newer "$stamp" -print -quit)" ]; then
		echo driver
	fi
}

# stage_modules: give modprobe and the guest a lib/modules of the kernel's modules and of the driver's.
stage_modules() {
	local out=$build/kernels/$kernel_key
	[ -n "$(modules_to_stage "$out")" ] || return 0
	mkdir -p "$out"
	with_lock "build-$(basename "$build")" make_stage "$out"
}

make_stage() {
	local what
	what=$(modules_to_stage "$1")
	[ -n "$what" ] || return 0
	logged "$logs/list-$kernel_key.log" "listing the modules of Linux $kernel_release" \
		in_lab "${kernel_binds[@]}" -- bash /mirage/src/lab/kernel-modules.sh "$kernel_release" "$kernel_tree" "$what"
}

# kernel_has OPTION: whether the kernel is configured with it.
kernel_has() {
	grep -qE "^CONFIG_$1=[ym]" "$kernel_config"
}

# kernel_is_slow: a kernel that checks itself takes several times as long for everything.
kernel_is_slow() {
	kernel_has 'KASAN(_GENERIC)?' || kernel_has PROVE_LOCKING
}

# compiler_version COMMAND: its first line, but for the name that it was called by.
compiler_version() {
	"$@" --version 2>/dev/null | sed -n '1s/^[^ ]* //p'
}

# A user's kernel is built by a compiler that may not be the lab's, and a module must be built by the kernel's. Sets
# $compiler: empty where that is the lab's, else words for make on this machine.
choose_compiler() {
	local text name wanted major
	compiler=()
	# Packages have scripts of the compiler that they need: Debian's is the lab's.
	[ -n "$kernel_source" ] || return 0
	text=$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\(.*\)"$/\1/p' "$kernel_config")
	wanted=${text#* }
	major=$(sed -n 's/^.*[ )]\([0-9]*\)\.[0-9.]*.*$/\1/p' <<<"$text")
	[ "$(compiler_version in_lab -- gcc)" != "$wanted" ] || return 0
	if kernel_has CC_IS_CLANG; then
		for name in "" "-$major"; do
			if [ "$(compiler_version "clang$name")" = "$wanted" ]; then
				compiler=("LLVM=${name:-1}")
				return
			fi
		done
		die "$kernel_dir was built by '$text', and this machine has no such compiler"
	fi
	for name in gcc "gcc-$major"; do
		if [ "$(compiler_version "$name")" = "$wanted" ]; then
			compiler=("CC=$name")
			return
		fi
	done
	note "$kernel_dir was built by '$text', and neither the lab nor this machine has that compiler: trying the lab's"
}

# modules_are_fresh OUT: whether nothing in the checkout changed since they were built, in this root, and the kernel can't have.
modules_are_fresh() {
	[ -z "$kernel_dir" ] && [ "$(cat "$1/root" 2>/dev/null)" = "$(root_dir base)" ] && fresh "$1/stamp"
}

# The driver's modules, by kbuild, which knows what is out of date. It is not even asked where they are fresh.
build_modules() {
	local out=$build/kernels/$kernel_key compiler=()
	times_give_back
	modules_are_fresh "$out" && return
	choose_compiler
	mkdir -p "$out"
	with_lock "build-$(basename "$build")" make_modules "$out" "$logs/modules-$kernel_key.log"
}

make_modules() {
	local out=$1 log=$2
	modules_are_fresh "$out" && return
	say "building the driver for Linux $kernel_release"
	# Objects built in another root are of no use, though its headers may look older.
	[ "$(cat "$out/root" 2>/dev/null)" = "$(root_dir base)" ] || rm -rf "$out/objects"
	root_dir base >"$out/root"
	touch "$out/stamp.new"
	times_drop
	if ! run_kbuild "$out" >"$log" 2>&1 </dev/null; then
		show_modules_failure "$log"
		die "building the driver for Linux $kernel_release failed; the whole log is $log"
	fi
	times_drop
	grep -E 'warning:' "$log" | grep -v '^WARNING: \|jobserver\|the compiler differs' >&2
	mv "$out/stamp.new" "$out/stamp"
}

# The compiler's first words, and modules.sh's last, which name the interface.
show_modules_failure() {
	local lines
	lines=$(
		grep -E 'error[: ]|undefined!' "$1" | grep -v '^make\|^mirage: ' | sed -n 1,20p
		grep '^mirage: ' "$1" || true
	)
	[ -n "$lines" ] || lines=$(tail -n 15 "$1")
	printf '%s\n' "$lines" >&2
}

run_kbuild() {
	if [ ${#compiler[@]} -gt 0 ]; then
		bash "$MIRAGE_SRC/lab/modules.sh" "$MIRAGE_SRC" "$1" -C "$kernel_dir" "${compiler[@]}"
	else
		in_lab "${kernel_binds[@]}" -- bash /mirage/src/lab/modules.sh /mirage/src "/mirage/build/kernels/$kernel_key" \
			"${kernel_make[@]}"
	fi
}
