#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Build lib/test_hmm.c of a kernel's source out of its tree: DIR MAKE-ARGUMENTS..., which name the kernel's build tree. DIR
# has the two files of the source, or a source package unpacked. Leaves there test_hmm.ko and test_hmm_uapi.h.
set -euo pipefail

cd "$1"
shift
if [ -d usr ]; then
	tar --strip-components=2 --wildcards -xf usr/src/linux-source-*.tar.xz '*/lib/test_hmm.c' '*/lib/test_hmm_uapi.h'
	rm -r usr
fi
echo 'obj-m := test_hmm.o' >Kbuild
make -s "$@" M="$PWD" modules
