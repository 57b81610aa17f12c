// SPDX-License-Identifier: GPL-2.0
/*
 * Joining pages to runs.
 *
 * A driver writes large page-table entries where memory is contiguous for the device. That shows in
 * the device addresses, not in the size of mm's folios: behind an IOMMU 2 MiB may be contiguous
 * although they are scattered in memory, and two small folios may happen to be adjacent. So pages
 * are joined by location, address and permission, regardless of folio order.
 *
 * This file uses no kernel interface: tests/ builds it natively.
 */
#include "runs.h"

/**
 * hmm_runs_init - start with an empty list
 * @runs: the runs
 */
void hmm_runs_init(struct hmm_runs *runs)
{
	runs->nr = 0;
	runs->npages = 0;
}

/**
 * hmm_runs_add - add a page
 * @runs: the runs
 * @index: index of the page in the block; higher than any added before
 * @addr: its device address
 * @write: the device may write
 * @location: memory that the page is in
 */
void hmm_runs_add(struct hmm_runs *runs, unsigned int index, dma_addr_t addr, bool write,
		  enum hmm_location location)
{
	struct hmm_run *last = runs->nr ? &runs->run[runs->nr - 1] : NULL;

	runs->npages++;
	if (last && last->index + last->npages == index &&
	    last->addr + (dma_addr_t)last->npages * PAGE_SIZE == addr && last->write == write &&
	    last->location == location) {
		last->npages++;
		return;
	}

	runs->run[runs->nr++] = (struct hmm_run){
		.index = index,
		.npages = 1,
		.addr = addr,
		.write = write,
		.location = location,
	};
}
