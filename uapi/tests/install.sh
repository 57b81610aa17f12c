#!/bin/bash
# SPDX-License-Identifier: MIT
# A program outside of the tree needs no more than what `meson install` leaves: BUILD CHECKOUT. TAP. The first example is copied
# away and built with its own Makefile, pkg-config and what was installed, shared and static.
set -uo pipefail
build=$1
src=$2
n=0

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
dest=$dir/dest

# result STATUS NAME [EXPLANATION]
result() {
	n=$((n + 1))
	[ "$1" = 0 ] || printf 'not '
	printf 'ok %d - %s\n' "$n" "$2"
	[ "$1" = 0 ] || [ -z "${3:-}" ] || printf '%s\n' "$3" | sed 's/^/# /'
}

# attempt NAME COMMAND...: COMMAND has to succeed.
attempt() {
	local name=$1 said status=0
	shift
	said=$("$@" 2>&1) || status=$?
	result $status "$name" "$said"
}

# same NAME ONE OTHER
same() {
	[ "$2" = "$3" ]
	result $? "$1" "$(diff <(printf '%s\n' "$2") <(printf '%s\n' "$3"))"
}

# Each header says itself what it needs.
headers_alone() {
	local header
	(cd "$include" && find . -name '*.h') | while read -r header; do
		# shellcheck disable=SC2046 # several words
		printf '#include <%s>\n' "${header#./}" |
			${CC:-cc} -Wall -Wextra -Werror -fsyntax-only -x c $(pkg-config --cflags mirage) - || exit
	done
}

# runs NAME: the first example runs. Where there is no GPU it says so, and that shows that it has found its library.
runs() {
	local said status=0
	said=$("$dir/first/first" 2>&1) || status=$?
	[ $status -lt 2 ]
	result $? "$1" "$said"
}

attempt "meson install" meson install -C "$build" --no-rebuild --quiet --destdir "$dest"
pc=$(find "$dest" -name mirage.pc)
include=$(dirname "$(find "$dest" -path '*/mirage/mirage.h')")
so=$(find "$dest" -name libmirage.so.1)
bin=$(dirname "$(find "$dest" -name mirage-as -type f)")
export PKG_CONFIG_LIBDIR=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$dest PATH=$bin:$PATH

same "pkg-config tells the version" "$(pkg-config --modversion mirage)" "$(cat "$src/VERSION")"
same "soname" "$(readelf -d "$so" | sed -n 's/.*(SONAME).*\[\(.*\)\]$/\1/p')" libmirage.so.1
same "the functions of mirage.h are exported, and nothing else" \
	"$(nm -D --defined-only "$so" | awk '$2 != "A" { sub("@.*", "", $3); print $3 }' | sort)" \
	"$(grep -vE '^ ?(\*|/\*)' "$include/mirage.h" | grep -oE '\bmirage_[a-z0-9_]+\(' | tr -d '(' | sort)"
attempt "headers stand alone" headers_alone
same "tools" "$(cd "$bin" && ls)" $'mirage-as\nmirage-decode\nmirage-dis\nmirage-gpu'
same "man pages" "$(find "$dest" -path '*/man1/*.1' -printf '%f\n' | sort)" "$(cd "$src/docs/man" && ls -- *.1)"

cp -r "$src/examples/first" "$dir/first"
attempt "make" make -s -C "$dir/first"
same "linked with the shared library" \
	"$(readelf -d "$dir/first/first" | sed -n 's/.*(NEEDED).*\[\(libmirage.*\)\]$/\1/p')" libmirage.so.1
LD_LIBRARY_PATH=${so%/*} runs "runs with the shared library"

attempt "make clean" make -s -C "$dir/first" clean
attempt "make STATIC=1" make -s -C "$dir/first" STATIC=1
same "linked with no shared library" "$(readelf -d "$dir/first/first" | grep NEEDED)" ""
runs "runs without the shared library"
echo "1..$n"
