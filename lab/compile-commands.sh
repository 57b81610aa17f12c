# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# ./mirage compile-commands: tell clangd how each file is compiled, kernel code too.

# shellcheck source=lab/build.sh
. "$MIRAGE_SRC/lab/build.sh"

cmd_compile_commands() {
	if [ $# -gt 0 ]; then
		printf 'usage: ./mirage compile-commands\n\nBuilds, and writes compile_commands.json into the checkout.\n'
		[ "$1" = --help ] || exit 2
		return
	fi
	use_root base
	build_all
	vm_kernel=stock vm_driver=1 use_kernel
	in_lab -- python3 /mirage/src/lab/compile_commands.py /mirage/build/main "/mirage/build/kernels/$kernel_key/objects" "/mirage/src=$MIRAGE_SRC" \
		"/mirage/build=$build" "/usr=$root/usr" >"$build/compile_commands.json"
	as_writer "$MIRAGE_SRC" tee "$MIRAGE_SRC/compile_commands.json.new" <"$build/compile_commands.json" >/dev/null
	as_writer "$MIRAGE_SRC" mv -f "$MIRAGE_SRC/compile_commands.json.new" "$MIRAGE_SRC/compile_commands.json"
	say "written: compile_commands.json ($(grep -c '"file"' "$MIRAGE_SRC/compile_commands.json") files)"
}
