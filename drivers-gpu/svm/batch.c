// SPDX-License-Identifier: GPL-2.0
/*
 * Batches: faults sorted so that they can be served together.
 *
 * A thousand lanes that touch one page write as many entries, so most of a batch is duplicates.
 * After sorting by address, one pass collects all pages that a block needs, and one call asks mm
 * for them. Of several accesses to a page the strongest counts, since a writable page serves reads
 * too.
 *
 * Duplicates stay in the array: when a page cannot be served, each channel that accessed it has to
 * be stopped, not only the first.
 *
 * Rejected: a hash table per page. It allocates, or collides, and loses the order of blocks.
 */
#include "svm/batch.h"

/* READ and FETCH need the same. */
static unsigned int batch_strength(const struct mirage_fault *fault)
{
	switch (fault->access) {
	case MIRAGE_ACCESS_ATOMIC:
		return 2;
	case MIRAGE_ACCESS_WRITE:
		return 1;
	default:
		return 0;
	}
}

static int batch_cmp(const void *pa, const void *pb)
{
	const struct mirage_fault *a = pa;
	const struct mirage_fault *b = pb;
	u64 page_a = a->addr >> MIRAGE_PAGE_SHIFT;
	u64 page_b = b->addr >> MIRAGE_PAGE_SHIFT;

	if (a->vm != b->vm)
		return a->vm < b->vm ? -1 : 1;
	if (page_a != page_b)
		return page_a < page_b ? -1 : 1;
	if (batch_strength(a) != batch_strength(b))
		return batch_strength(a) > batch_strength(b) ? -1 : 1;
	if (a->chan != b->chan)
		return a->chan < b->chan ? -1 : 1;
	return 0;
}

/**
 * mirage_batch_sort() - sort faults by address space and page, strongest access first
 * @faults: array
 * @count: its length
 *
 * Return: number of duplicates: faults whose page and access an earlier fault of their address
 * space covers
 */
unsigned int mirage_batch_sort(struct mirage_fault *faults, unsigned int count)
{
	unsigned int dups = 0;
	unsigned int i;

	mirage_sort(faults, count, sizeof(*faults), batch_cmp);
	for (i = 1; i < count; i++) {
		if (faults[i].vm == faults[i - 1].vm &&
		    faults[i].addr >> MIRAGE_PAGE_SHIFT ==
			    faults[i - 1].addr >> MIRAGE_PAGE_SHIFT &&
		    batch_strength(&faults[i]) == batch_strength(&faults[i - 1]))
			dups++;
	}
	return dups;
}

/**
 * mirage_batch_take() - collect the pages for the block of the first fault
 * @faults: sorted array, all of one address space
 * @count: its length, at least 1
 * @block: filled; @block->count faults belong to it
 */
void mirage_batch_take(const struct mirage_fault *faults, unsigned int count,
		       struct mirage_batch_block *block)
{
	u64 number = faults[0].addr >> MIRAGE_PAGE_2M_SHIFT;
	unsigned int i;

	memset(block, 0, sizeof(*block));
	block->start = number << MIRAGE_PAGE_2M_SHIFT;
	for (i = 0; i < count && faults[i].addr >> MIRAGE_PAGE_2M_SHIFT == number; i++) {
		unsigned int page = mirage_batch_page(&faults[i]);
		unsigned long *map = mirage_batch_wants_write(&faults[i]) ? block->write :
									     block->read;

		map[page / 64] |= 1ul << (page % 64);
	}
	block->count = i;
}
