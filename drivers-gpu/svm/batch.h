/* SPDX-License-Identifier: GPL-2.0 */
/* Batches: faults sorted so that they can be served together. Pure. */
#ifndef MIRAGE_BATCH_H
#define MIRAGE_BATCH_H

#include "device/fault_entry.h"
#include "mmu/leaves.h"

/**
 * struct mirage_batch_block - pages that the faults of one 2 MiB block need
 */
struct mirage_batch_block {
	/** @start: first address of the block */
	u64 start;
	/** @read: pages that must become readable */
	unsigned long read[MIRAGE_LEAVES_WORDS];
	/** @write: pages that must become writable */
	unsigned long write[MIRAGE_LEAVES_WORDS];
	/** @count: faults of this block, from the first one given */
	unsigned int count;
};

unsigned int mirage_batch_sort(struct mirage_fault *faults, unsigned int count);
void mirage_batch_take(const struct mirage_fault *faults, unsigned int count,
		       struct mirage_batch_block *block);

/**
 * mirage_batch_page() - index of a fault's page in its block
 * @fault: fault
 */
static inline unsigned int mirage_batch_page(const struct mirage_fault *fault)
{
	return (fault->addr >> MIRAGE_PAGE_SHIFT) % MIRAGE_PT_ENTRIES;
}

/**
 * mirage_batch_wants_write() - does a fault need a writable page?
 * @fault: fault
 */
static inline bool mirage_batch_wants_write(const struct mirage_fault *fault)
{
	return fault->access == MIRAGE_ACCESS_WRITE || fault->access == MIRAGE_ACCESS_ATOMIC;
}

#endif /* MIRAGE_BATCH_H */
