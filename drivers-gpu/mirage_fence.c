// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Hardware fences
 *
 * A job ends with a FENCE packet that writes the job's number, in its queue, to
 * the queue's fence slot. The fence here signals when the kernel has read a number
 * at least as high, or when the queue was stopped and its channel reset.
 *
 * A fence is allocated with its job and initialised when the job goes to the
 * device: nothing is allocated on the way to a signal. It has no release and no wait
 * operation and uses its own lock, so it lets go of this module when it signals and
 * may outlive the queue, the device and the module.
 *
 * How long one may take: a job that faults waits for mm, so these fences depend on
 * memory being allocated. They are finite, because the queue's timeout stops the
 * job, but nothing that reclaim waits for may wait for one. Therefore they are
 * given to syncobjs only, never to a dma_resv, and no notifier, shrinker or
 * allocation of this driver waits for a fence.
 *
 * Rejected: making the fence part of the job. A fence may be looked at long after
 * its job has gone, so the job would have to live as long.
 */
#include <linux/slab.h>

#include "mirage_fence.h"

static const char *mirage_fence_driver_name(struct dma_fence *fence)
{
	return "mirage";
}

static const char *mirage_fence_timeline_name(struct dma_fence *fence)
{
	return "mirage-channel";
}

static const struct dma_fence_ops mirage_fence_ops = {
	.get_driver_name = mirage_fence_driver_name,
	.get_timeline_name = mirage_fence_timeline_name,
};

/**
 * mirage_fence_alloc() - memory for a fence, not initialised yet
 *
 * Context: process, may sleep.
 * Return: the fence, or NULL
 */
struct dma_fence *mirage_fence_alloc(void)
{
	return kzalloc_obj(struct dma_fence);
}

/**
 * mirage_fence_init() - make it a fence, with one reference
 * @fence: from mirage_fence_alloc()
 * @context: the queue's fence context
 * @seqno: what the FENCE packet will write
 *
 * Context: any.
 */
void mirage_fence_init(struct dma_fence *fence, u64 context, u64 seqno)
{
	dma_fence_init64(fence, &mirage_fence_ops, NULL, context, seqno);
}

/**
 * mirage_fence_signal() - the job is over
 * @fence: fence that has not signalled
 * @error: 0, or the negative errno of a job that did not complete
 *
 * Context: any, without locks of this driver: callbacks run.
 */
void mirage_fence_signal(struct dma_fence *fence, int error)
{
	if (error)
		dma_fence_set_error(fence, error);
	dma_fence_signal(fence);
}

/**
 * mirage_fence_put() - the job needs it no more
 * @fence: from mirage_fence_alloc(), initialised or not; or NULL
 */
void mirage_fence_put(struct dma_fence *fence)
{
	if (dma_fence_was_initialized(fence))
		dma_fence_put(fence);
	else
		kfree(fence);
}
