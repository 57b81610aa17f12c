/* SPDX-License-Identifier: GPL-2.0 */
/* Extents of an object: runs of pages that are contiguous for the device. Pure logic. */
#ifndef MIRAGE_EXTENTS_H
#define MIRAGE_EXTENTS_H

#include "device/pure.h"

/**
 * struct mirage_extent - a run of pages that is contiguous for the device
 */
struct mirage_extent {
	/** @page: its first 4 KiB page, counted from the object's start */
	u64 page;
	/** @addr: bus address, or offset into VRAM */
	u64 addr;
};

/**
 * struct mirage_extents - all extents of an object
 */
struct mirage_extents {
	/**
	 * @list: the extents in the object's order; neighbours are not contiguous with each other
	 */
	struct mirage_extent *list;
	/** @count: number of extents */
	unsigned int count;
	/** @npages: their total size in 4 KiB pages */
	u64 npages;
};

void mirage_extents_add(struct mirage_extents *ext, u64 addr, u64 npages);
u64 mirage_extents_find(const struct mirage_extents *ext, u64 page, u64 *addr);

#endif /* MIRAGE_EXTENTS_H */
