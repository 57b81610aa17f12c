/* SPDX-License-Identifier: GPL-2.0 */
/* Hardware fences: dma_fences for the FENCE packets of jobs. */
#ifndef MIRAGE_FENCE_H
#define MIRAGE_FENCE_H

#include <linux/dma-fence.h>

struct dma_fence *mirage_fence_alloc(void);
void mirage_fence_init(struct dma_fence *fence, u64 context, u64 seqno);
void mirage_fence_signal(struct dma_fence *fence, int error);
void mirage_fence_put(struct dma_fence *fence);

bool mirage_fence_may_fault(struct dma_fence *fence);
void *mirage_fence_owner(bool may_fault, void *otherwise);

#endif /* MIRAGE_FENCE_H */
