// SPDX-License-Identifier: GPL-2.0
/*
 * The extents of an object: where its pages are.
 *
 * Model: an array of extents in the object's order, with binary search. Page tables and copies look
 * up any page at any time, and an object may have thousands of extents.
 *
 * Rejected: walking the allocator's list or a scatterlist from its start, which makes mapping a
 * fragmented object quadratic; an address per page, which costs 8 bytes per 4 KiB although most
 * objects have only a few extents.
 */
#include "bo/extents.h"

/**
 * mirage_extents_add() - append an extent
 * @ext: extents, with room for one more
 * @addr: bus address, or offset into VRAM
 * @npages: 4 KiB pages, not zero
 *
 * It is merged with the last extent if they are contiguous.
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
 * mirage_extents_find() - find the address of a page
 * @ext: extents
 * @page: 4 KiB page, less than @ext->npages
 * @addr: out: its bus address, or offset into VRAM
 *
 * Return: number of contiguous pages from there on, including this page
 */
u64 mirage_extents_find(const struct mirage_extents *ext, u64 page, u64 *addr)
{
	unsigned int low = 0, high = ext->count;

	/* Invariant: [low, high) contains the last extent that starts at or before the page. */
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
