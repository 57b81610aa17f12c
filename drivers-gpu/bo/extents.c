// SPDX-License-Identifier: GPL-2.0
/*
 * Where the pages of an object are.
 *
 * Model: an array of pieces in the object's order, searched by halves: page tables and
 * copies ask for any page at any time, and an object may be in thousands of pieces.
 *
 * Rejected: walking the allocator's list or a scatterlist from its start, which makes
 * mapping a fragmented object quadratic; an address for each page, which costs 8 bytes for
 * 4 KiB where most objects have a handful of pieces.
 */
#include "bo/extents.h"

/**
 * mirage_extents_add() - append a piece
 * @ext: pieces, with room for one more
 * @addr: bus address, or offset into VRAM
 * @npages: 4 KiB pages, not zero
 *
 * A piece that continues the last one becomes part of it.
 */
void mirage_extents_add(struct mirage_extents *ext, u64 addr, u64 npages)
{
	const struct mirage_extent *last = ext->count ? &ext->list[ext->count - 1] : NULL;

	if (!last || last->addr + ((ext->npages - last->page) << 12) != addr)
		ext->list[ext->count++] = (struct mirage_extent){ ext->npages, addr };
	ext->npages += npages;
}

static u64 extent_end(const struct mirage_extents *ext, unsigned int i)
{
	return i + 1 < ext->count ? ext->list[i + 1].page : ext->npages;
}

/**
 * mirage_extents_find() - where a page is
 * @ext: pieces
 * @page: 4 KiB page, less than @ext->npages
 * @addr: out: its bus address, or offset into VRAM
 *
 * Return: pages that follow it contiguously, itself included
 */
u64 mirage_extents_find(const struct mirage_extents *ext, u64 page, u64 *addr)
{
	unsigned int low = 0, high = ext->count;

	/* The last piece that starts at or before the page is in [low, high). */
	while (high - low > 1) {
		unsigned int mid = low + (high - low) / 2;

		if (ext->list[mid].page <= page)
			low = mid;
		else
			high = mid;
	}
	*addr = ext->list[low].addr + ((page - ext->list[low].page) << 12);

	return extent_end(ext, low) - page;
}

/**
 * mirage_extents_largest() - the largest piece
 * @ext: pieces
 *
 * Return: its 4 KiB pages
 */
u64 mirage_extents_largest(const struct mirage_extents *ext)
{
	u64 largest = 0;
	unsigned int i;

	for (i = 0; i < ext->count; i++) {
		u64 npages = extent_end(ext, i) - ext->list[i].page;

		if (npages > largest)
			largest = npages;
	}

	return largest;
}
