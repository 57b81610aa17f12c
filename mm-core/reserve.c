// SPDX-License-Identifier: GPL-2.0
/*
 * Sizes of the ranges of device memory that pages of a block get.
 *
 * A range is a power of two of pages, and starts at a multiple of its size, in the block as in
 * device memory: then the device's larger page-table entries fit. A larger range makes larger
 * entries and leaves room for pages that come later; but what stays empty is wasted. So a range is
 * as large as more than half of it is wanted.
 *
 * This file uses no kernel interface: tests/ builds it natively.
 */
#include "reserve.h"

static unsigned int hmm_reserve_weight(const unsigned long *want, unsigned int first,
				       unsigned int npages)
{
	unsigned int weight = 0;
	unsigned int i;

	for (i = first; i < first + npages; i++)
		weight += test_bit(i, want);
	return weight;
}

/**
 * hmm_reserve_next - choose the next range
 * @want: pages of the block that need a place
 * @pos: end of the last range; 0 at first
 * @limit: largest number of pages in a range, a power of two
 * @first: out: first page of the range
 * @npages: out: its number of pages
 *
 * Return: false if all pages have a range.
 */
bool hmm_reserve_next(const unsigned long *want, unsigned int pos, unsigned int limit,
		      unsigned int *first, unsigned int *npages)
{
	unsigned int page = find_next_bit(want, HMM_BLOCK_PAGES, pos);
	unsigned int size, start;

	if (page >= HMM_BLOCK_PAGES)
		return false;

	for (size = 1; size <= limit; size *= 2) {
		start = page & ~(size - 1);
		if (start < pos)
			break;
		if (hmm_reserve_weight(want, start, size) * 2 > size) {
			*first = start;
			*npages = size;
		}
	}
	return true;
}
