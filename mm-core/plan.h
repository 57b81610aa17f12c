/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The order of chunks to ask mm for when some pages of a range cannot be served.
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
	/** @pos: first page that is not decided yet */
	unsigned int pos;
	/** @end: end of the range, exclusive */
	unsigned int end;
	/** @chunk: size of the next chunk in pages, at least 1 */
	unsigned int chunk;
	/** @suspect: if greater than @pos, there is a bad page between @pos and here */
	unsigned int suspect;
};

void hmm_plan_init(struct hmm_plan *plan, unsigned int first, unsigned int end);
bool hmm_plan_next(const struct hmm_plan *plan, unsigned int *first, unsigned int *end);
bool hmm_plan_report(struct hmm_plan *plan, bool served);

#endif /* _HMM_MIRROR_PLAN_H */
