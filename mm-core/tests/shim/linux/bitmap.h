/* SPDX-License-Identifier: MIT */
/* Declaring a bitmap as the kernel does; the pure files only carry them, and headers test a bit. */
#ifndef SHIM_LINUX_BITMAP_H
#define SHIM_LINUX_BITMAP_H

#include <stdbool.h>

#define DECLARE_BITMAP(name, bits) \
	unsigned long name[((bits) + 8 * sizeof(long) - 1) / (8 * sizeof(long))]

static inline bool test_bit(unsigned int nr, const unsigned long *map)
{
	return map[nr / (8 * sizeof(long))] >> nr % (8 * sizeof(long)) & 1;
}

#endif /* SHIM_LINUX_BITMAP_H */
