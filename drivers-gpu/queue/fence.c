// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Hardware fences
 *
 * A job ends with a FENCE packet that writes the job's number, in its queue, to
 * the queue's fence slot. The fence here signals when the kernel has read a number
 * at least as high, or when the queue was stopped and its channel reset.
 *
 * A fence is allocated with its job and initialised when the job goes to the device, so nothing is
 * allocated in the signalling path. It has no release and no wait operation and uses its own lock,
 * so it is independent of this module once it has signalled, and may outlive the queue, the device
 * and the module.
 *
 * How long a fence may take depends on the kind of queue:
 *
 * - Without faults (NO_FAULT queues, the kernel's copies): as long as the job computes, at most its
 *   time-out. Such fences are added to reservations, and reclaim may wait for them.
 * - With faults: the job waits for mm, so its fence depends on memory allocation. It is finite,
 *   because the time-out stops the job, but nothing that reclaim waits for may wait for it. So it
 *   goes only to syncobjs, and neither jobs of the first kind nor VM_BIND accept it as a
 *   dependency, however it is wrapped: mirage_fence_may_fault().
 * - Long-running: the fence is never handed out.
 *
 * Rejected: embedding the fence in the job. A fence may be used long after its job has finished, so
 * the job would have to live as long.
 */
#include <linux/dma-fence-unwrap.h>
#include <linux/slab.h>

#include <drm/gpu_scheduler.h>

#include "queue/fence.h"

static const char *fence_driver_name(struct dma_fence *fence)
{
	return "mirage";
}

static const char *fence_timeline_name(struct dma_fence *fence)
{
	return "mirage-channel";
}

static const struct dma_fence_ops mirage_fence_ops = {
	.get_driver_name = fence_driver_name,
	.get_timeline_name = fence_timeline_name,
};

/**
 * mirage_fence_alloc() - allocate a fence, not initialised yet
 *
 * Context: process, may sleep.
 * Return: the fence, or NULL
 */
struct dma_fence *mirage_fence_alloc(void)
{
	return kzalloc_obj(struct dma_fence, GFP_KERNEL_ACCOUNT);
}

/**
 * mirage_fence_init() - initialise a fence, with one reference
 * @fence: from mirage_fence_alloc()
 * @context: the queue's fence context
 * @seqno: value that the FENCE packet will write
 *
 * Context: any.
 */
void mirage_fence_init(struct dma_fence *fence, u64 context, u64 seqno)
{
	dma_fence_init64(fence, &mirage_fence_ops, NULL, context, seqno);
}

/**
 * mirage_fence_signal() - signal the end of a job
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

/* Owner in the scheduler's fences of jobs that may fault. */
static const char mirage_fence_faulting[] = "mirage-faulting";

/**
 * mirage_fence_owner() - choose the owner for the scheduler's fence of a job
 * @may_fault: the job may wait for mm
 * @otherwise: owner if it may not fault
 */
void *mirage_fence_owner(bool may_fault, void *otherwise)
{
	return may_fault ? (void *)mirage_fence_faulting : otherwise;
}

/**
 * mirage_fence_may_fault() - does a fence wait for a job that may wait for mm?
 * @fence: any fence, also a chain or an array
 *
 * Recognises jobs of this driver, on any device. Other drivers do not provide this information.
 *
 * Context: process.
 */
bool mirage_fence_may_fault(struct dma_fence *fence)
{
	struct dma_fence_unwrap cursor;
	struct drm_sched_fence *base;
	struct dma_fence *part;
	bool found = false;

	/* Iterate to the end, because the cursor holds references until then. */
	dma_fence_unwrap_for_each(part, &cursor, fence) {
		base = to_drm_sched_fence(part);
		if (base && base->owner == mirage_fence_faulting && !dma_fence_is_signaled(part))
			found = true;
	}

	return found;
}

/**
 * mirage_fence_put() - drop the job's reference
 * @fence: from mirage_fence_alloc(), initialised or not; or NULL
 */
void mirage_fence_put(struct dma_fence *fence)
{
	if (dma_fence_was_initialized(fence))
		dma_fence_put(fence);
	else
		kfree(fence);
}
