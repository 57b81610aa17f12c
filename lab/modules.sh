#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Build the kernel modules for one kernel: SOURCE OUTPUT MAKE-ARGUMENTS..., which name the kernel's build tree (-C DIR, and
# O=DIR where its source is elsewhere). The modules come to lie in OUTPUT.
#
# A kernel that lacks an interface, or has it in another form than this tree and compat/ know, fails to compile with many
# lines; the last lines here say which interfaces those are, and which kernels are known to work.
set -euo pipefail

src=$1
out=$2
shift 2
log=$out/build.log

# explain: the names that the compiler and modpost complained of.
explain() {
	local names release
	names=$(sed -nE "
		s/.*implicit declaration of function '([^']*)'.*/\1()/p
		s/.*error: '([^']*)' undeclared.*/\1/p
		s/.*error: '([^']*)' has no member named '([^']*)'.*/\1.\2/p
		s/.*error: (unknown type name|storage size of|invalid use of incomplete typedef) '([^']*)'.*/\2/p
		s/.*error: too (few|many) arguments to function '([^']*)'.*/\2()/p
		s/.*error: passing argument [0-9]+ of '([^']*)' from incompatible.*/\1()/p
		s/.*error: conflicting types for '([^']*)'.*/\1/p
		s/.*fatal error: ([^:]*): No such file.*/<\1>/p
		s/.*ERROR: modpost: .*: symbol '([^']*)' undefined!.*/\1/p
		s/.*ERROR: modpost: \"([^\"]*)\" .*undefined!.*/\1/p" "$log" | awk '!seen[$0]++' | head -n 8 | paste -sd, | sed 's/,/, /g')
	[ -n "$names" ] || return 0
	release=$(make -s "$@" kernelrelease 2>/dev/null | tail -n 1)
	echo "mirage: Linux $release lacks these interfaces, or has other forms of them: $names"
	echo "mirage: the driver is known to work on Linux $(sed -n 's/^\([0-9][^ ]*\) .*/\1/p' "$src/lab/tested" | uniq | paste -sd, |
		sed 's/,/, /g'); code for the interfaces of another kernel goes into compat/ (docs/kernel-developers.md)"
}

mkdir -p "$out/objects"

# A job server of a caller's is not for this make. The messages above are looked for in English.
unset MAKEFLAGS MAKELEVEL
export LANG=C LC_ALL=C
if ! make -s "$@" M="$src" MO="$out/objects" -j"$(nproc)" modules 2>&1 | tee "$log"; then
	explain "$@"
	exit 1
fi
for ko in "$out"/objects/mm-core/*.ko "$out"/objects/drivers-gpu/*.ko "$out"/objects/drivers-dma/*.ko; do
	[ ! -e "$ko" ] || cp -u "$ko" "$out/"
done
