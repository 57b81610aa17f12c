# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Building everything in the lab but the modules, which are kernels.sh's. Meson decides what is out of date; where no file is
# newer than the last build, even Meson is not asked, since its answer takes longer than a guest needs to boot halfway.

# shellcheck source=lab/root.sh
. "$MIRAGE_SRC/lab/root.sh"
# shellcheck source=lab/enter.sh
. "$MIRAGE_SRC/lab/enter.sh"
# shellcheck source=lab/times.sh
. "$MIRAGE_SRC/lab/times.sh"

cmd_build() {
	if [ $# -gt 0 ]; then
		printf 'usage: ./mirage build\n\nMakes the lab if there is none, and builds everything in it, in %s.\n' "$build"
		[ "$1" = --help ] || exit 2
		return
	fi
	use_root base
	build_all
	vm_kernel=stock vm_driver=1 use_kernel
	say "built in $build"
}

# fresh STAMP: whether nothing in the checkout changed after it. A removed file shows in its directory's time.
fresh() {
	[ -e "$1" ] && [ -z "$(find "$MIRAGE_SRC" -path "$MIRAGE_SRC/.git" -prune -o -newer "$1" ! -name compile_commands.json -print -quit)" ]
}

# The compiler's messages are what the user needs: all of them, without the lines of what went well.
show_failure() {
	sed -n '/^FAILED:\|ERROR:\|error:/,$p' "$1" | grep -av '^\[[0-9/]*\] ' | head -n 60 >&2
}

# meson_build DIR TARGETS SETUP_OPTIONS...: configure DIR of the build directory once, build in it each time.
meson_build() {
	local dir=$1 targets=$2 log=$logs/build-$1.log options
	shift 2
	options="$(root_dir base) $*"

	# Another lab or other options: what was built there is of no use.
	if [ "$(cat "$build/$dir.options" 2>/dev/null)" != "$options" ]; then
		rm -rf "${build:?}/$dir"
	fi
	if [ ! -f "$build/$dir/build.ninja" ]; then
		say "configuring the build ($dir)"
		if ! in_lab "${build_binds[@]}" -- meson setup "$@" "/mirage/build/$dir" /mirage/src >"$log" 2>&1; then
			grep -A 3 'ERROR' "$log" >&2 || tail -n 20 "$log" >&2
			rm -rf "${build:?}/$dir"
			die "configuring the build failed; the whole log is $log"
		fi
		printf '%s' "$options" >"$build/$dir.options"
	fi
	say "building ($dir)"
	times_drop
	# shellcheck disable=SC2086
	if ! in_lab "${build_binds[@]}" -- ninja -C "/mirage/build/$dir" $targets 2>&1 | progress "$log" "building ($dir)"; then
		show_failure "$log"
		die "building failed; the whole log is $log"
	fi
	times_drop
	# The compiler's warnings are worth a look even if all was built.
	grep -E 'warning:' "$log" | grep -v '^WARNING: \|jobserver' >&2 || true
}

# Additional directories that the lab shows to a build.
build_binds=()

build_main() {
	fresh "$build/stamp" && return
	touch "$build/stamp.new"
	times_begin
	meson_build main "all meson-test-prereq" "${main_options[@]}"
	# Where lab and guest look for libmirage and the tools (namespace.sh, guest/job.c).
	logged "$logs/install.log" "installing what was built" \
		in_lab -- meson install -C /mirage/build/main --no-rebuild --only-changed --quiet
	mv "$build/stamp.new" "$build/stamp"
	times_end
}

# Everything but the modules. Needs use_root.
build_all() {
	main_options=(--prefix=/mirage/build/usr --libdir=lib)
	if [ "$(cat "$build/main.options" 2>/dev/null)" != "$(root_dir base) ${main_options[*]}" ]; then
		rm -f "$build/stamp"
	fi
	times_give_back
	fresh "$build/stamp" && return
	with_lock "build-$(basename "$build")" build_main
}
