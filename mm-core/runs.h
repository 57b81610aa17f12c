/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages joined to the runs that hmm_mirror_ops.map() takes.
 */
#ifndef _HMM_MIRROR_RUNS_H
#define _HMM_MIRROR_RUNS_H

#include <linux/hmm_mirror.h>

/**
 * struct hmm_runs - runs under construction
 *
 * Used by one task; no lock.
 */
struct hmm_runs {
	/** @nr: runs so far */
	unsigned int nr;
	/** @npages: pages in them */
	unsigned int npages;
	/** @run: the runs, ascending; one per page is the worst case */
	struct hmm_run run[HMM_BLOCK_PAGES];
};

void hmm_runs_init(struct hmm_runs *runs);
void hmm_runs_add(struct hmm_runs *runs, unsigned int index, dma_addr_t addr, bool write,
		  enum hmm_location location);

#endif /* _HMM_MIRROR_RUNS_H */
