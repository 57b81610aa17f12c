#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Build lib/test_hmm.c of the kernel's source out of its tree, in the lab, in /mirage/peer, where the source package was
# unpacked: KERNEL-BUILD-TREE. Leaves there test_hmm.ko and test_hmm_uapi.h.
set -euo pipefail

cd /mirage/peer
tar --strip-components=2 --wildcards -xf usr/src/linux-source-*.tar.xz '*/lib/test_hmm.c' '*/lib/test_hmm_uapi.h'
rm -r usr
echo 'obj-m := test_hmm.o' >Kbuild
make -s -C "$1" M=/mirage/peer modules
