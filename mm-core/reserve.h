/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sizes of the ranges of device memory that pages of a block get.
 */
#ifndef _HMM_MIRROR_RESERVE_H
#define _HMM_MIRROR_RESERVE_H

#include <linux/hmm_mirror.h>

bool hmm_reserve_next(const unsigned long *want, unsigned int pos, unsigned int limit,
		      unsigned int *first, unsigned int *npages);

#endif /* _HMM_MIRROR_RESERVE_H */
