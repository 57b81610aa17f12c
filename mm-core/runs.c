// SPDX-License-Identifier: GPL-2.0
/*
 * Joining pages to runs.
 *
 * A driver writes large page-table entries where memory allows; whether it does shows in
 * the device addresses, not in the size of mm's folios: behind an IOMMU 2 MiB may be
 * contiguous that are scattered in memory, and two small folios may happen to lie side by side.
 * So pages are joined by address and permission, and the order of a folio is not looked at.
 *
 * No kernel interface is used here: tests/ builds this file natively.
 */
#include "runs.h"

/**
 * hmm_runs_init - start with no run
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
 * @index: the page, in pages from the start of the block; higher than any added before
 * @addr: its device address
 * @write: the device may write
 */
void hmm_runs_add(struct hmm_runs *runs, unsigned int index, dma_addr_t addr, bool write)
{
	struct hmm_run *last = runs->nr ? &runs->run[runs->nr - 1] : NULL;

	runs->npages++;
	if (last && last->index + last->npages == index &&
	    last->addr + (dma_addr_t)last->npages * PAGE_SIZE == addr && last->write == write) {
		last->npages++;
		return;
	}

	runs->run[runs->nr++] = (struct hmm_run){
		.index = index,
		.npages = 1,
		.addr = addr,
		.write = write,
		.location = HMM_LOCATION_SYSTEM,
	};
}
