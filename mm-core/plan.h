/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which pages to ask mm for next when some of a stretch cannot be served.
 */
#ifndef _HMM_MIRROR_PLAN_H
#define _HMM_MIRROR_PLAN_H

#include <linux/types.h>

/**
 * struct hmm_plan - a walk over pages, asked for in chunks
 *
 * Used by one task; no lock.
 */
struct hmm_plan {
	/** @pos: first page not decided yet */
	unsigned int pos;
	/** @end: behind the last page */
	unsigned int end;
	/** @chunk: pages to ask for at once, at least 1 */
	unsigned int chunk;
	/** @suspect: there is a bad page from @pos to here, if this is behind @pos */
	unsigned int suspect;
};

void hmm_plan_init(struct hmm_plan *plan, unsigned int first, unsigned int end);
bool hmm_plan_next(const struct hmm_plan *plan, unsigned int *first, unsigned int *end);
bool hmm_plan_report(struct hmm_plan *plan, bool served);

#endif /* _HMM_MIRROR_PLAN_H */
