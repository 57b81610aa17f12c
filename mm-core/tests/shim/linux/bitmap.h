/* SPDX-License-Identifier: MIT */
/* Bitmaps as the kernel declares and reads them. */
#ifndef SHIM_LINUX_BITMAP_H
#define SHIM_LINUX_BITMAP_H

#include <stdbool.h>

#define DECLARE_BITMAP(name, bits) \
	unsigned long name[((bits) + 8 * sizeof(long) - 1) / (8 * sizeof(long))]

static inline bool test_bit(unsigned int nr, const unsigned long *map)
{
	return map[nr / (8 * sizeof(long))] >> (nr % (8 * sizeof(long))) & 1;
}

static inline unsigned int find_next_bit(const unsigned long *map, unsigned int size,
					 unsigned int offset)
{
	while (offset < size && !test_bit(offset, map))
		offset++;
	return offset;
}

#endif /* SHIM_LINUX_BITMAP_H */
