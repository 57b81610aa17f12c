// SPDX-License-Identifier: GPL-2.0
/*
 * Syncobjs that a submission waits for and signals.
 *
 * A submission takes three steps: mirage_syncs_copy() checks user space's array,
 * mirage_syncs_prepare() does everything that can fail, and mirage_syncs_signal() adds the armed
 * job's fence to the syncobjs and cannot fail.
 *
 * Waiting for a point that has not been submitted yet is refused (-EINVAL, as in other drivers): a
 * fence in the kernel must be certain to signal. User space waits with
 * DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT before it submits.
 */
#include "queue/syncs.h"

#include <linux/dma-fence-chain.h>
#include <linux/err.h>
#include <linux/slab.h>

#include <drm/drm_file.h>
#include <drm/drm_syncobj.h>
#include <drm/gpu_scheduler.h>
#include <drm/mirage_drm.h>

#include "device/array.h"
#include "queue/fence.h"

#define MIRAGE_SYNCS_MAX	256
/* Of the first version. */
#define MIRAGE_SYNC_MIN_SIZE	16

/**
 * struct mirage_sync_signal - a syncobj to add the fence to
 */
struct mirage_sync_signal {
	/** @syncobj: a reference is held */
	struct drm_syncobj *syncobj;
	/** @chain: preallocated node for a timeline syncobj; else NULL */
	struct dma_fence_chain *chain;
	/** @point: point of a timeline syncobj */
	u64 point;
};

/**
 * mirage_syncs_copy() - copy and check the array from user space
 * @syncs: all zero
 * @user: user's array of struct drm_mirage_sync
 *
 * Context: may sleep and allocate.
 * Return: 0, -E2BIG, -EINVAL, -EFAULT, -ENOMEM; mirage_syncs_fini() is allowed after all of them
 */
int mirage_syncs_copy(struct mirage_syncs *syncs, const struct drm_mirage_array *user)
{
	struct drm_mirage_sync *copy;
	u32 i;

	copy = mirage_array_copy(user, MIRAGE_SYNCS_MAX, MIRAGE_SYNC_MIN_SIZE, sizeof(*copy));
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	syncs->syncs = copy;
	syncs->count = user->count;

	for (i = 0; i < user->count; i++) {
		bool timeline = copy[i].flags & DRM_MIRAGE_SYNC_TIMELINE;

		if (copy[i].flags & ~(DRM_MIRAGE_SYNC_SIGNAL | DRM_MIRAGE_SYNC_TIMELINE))
			return -EINVAL;
		if (timeline != !!copy[i].point)
			return -EINVAL;
	}
	return 0;
}

static int syncs_add_wait(struct drm_file *file, const struct drm_mirage_sync *sync,
			  struct drm_sched_job *job, bool may_fault)
{
	struct dma_fence *fence;
	int ret;

	ret = drm_syncobj_find_fence(file, sync->handle, sync->point, 0, &fence);
	if (ret)
		return ret;
	if (!may_fault && mirage_fence_may_fault(fence)) {
		dma_fence_put(fence);
		return -EINVAL;
	}
	/* Consumes the fence. */
	return drm_sched_job_add_dependency(job, fence);
}

static int syncs_add_signal(struct mirage_syncs *syncs, struct drm_file *file,
			    const struct drm_mirage_sync *sync)
{
	struct mirage_sync_signal *signal = &syncs->signals[syncs->nr_signals];

	signal->syncobj = drm_syncobj_find(file, sync->handle);
	if (!signal->syncobj)
		return -ENOENT;
	syncs->nr_signals++;

	if (sync->flags & DRM_MIRAGE_SYNC_TIMELINE) {
		signal->point = sync->point;
		signal->chain = dma_fence_chain_alloc();
		if (!signal->chain)
			return -ENOMEM;
	}
	return 0;
}

/**
 * mirage_syncs_prepare() - do everything that can fail
 * @syncs: from mirage_syncs_copy()
 * @file: file that the handles belong to
 * @job: initialised and not armed; gets the dependencies added
 * @may_fault: it may wait for jobs that may fault
 *
 * Context: may sleep and allocate.
 * Return: 0, -ENOENT no such syncobj, -EINVAL no fence to wait for yet, or one that must not be
 * waited for, -ENOMEM
 */
int mirage_syncs_prepare(struct mirage_syncs *syncs, struct drm_file *file,
			 struct drm_sched_job *job, bool may_fault)
{
	int ret = 0;
	u32 i;

	if (!syncs->count)
		return 0;
	syncs->signals = kvzalloc_objs(*syncs->signals, syncs->count);
	if (!syncs->signals)
		return -ENOMEM;

	for (i = 0; i < syncs->count && !ret; i++) {
		if (syncs->syncs[i].flags & DRM_MIRAGE_SYNC_SIGNAL)
			ret = syncs_add_signal(syncs, file, &syncs->syncs[i]);
		else
			ret = syncs_add_wait(file, &syncs->syncs[i], job, may_fault);
	}
	return ret;
}

/**
 * mirage_syncs_signal() - add the job's fence to the syncobjs
 * @syncs: from mirage_syncs_prepare()
 * @fence: of the job
 *
 * Context: the order of calls is the order of points in a timeline; does not allocate.
 */
void mirage_syncs_signal(struct mirage_syncs *syncs, struct dma_fence *fence)
{
	u32 i;

	for (i = 0; i < syncs->nr_signals; i++) {
		struct mirage_sync_signal *signal = &syncs->signals[i];

		if (signal->chain) {
			/* Consumes the node. */
			drm_syncobj_add_point(signal->syncobj, signal->chain, fence,
					      signal->point);
			signal->chain = NULL;
		} else {
			drm_syncobj_replace_fence(signal->syncobj, fence);
		}
	}
}

/**
 * mirage_syncs_fini() - free everything
 * @syncs: in any state
 */
void mirage_syncs_fini(struct mirage_syncs *syncs)
{
	u32 i;

	for (i = 0; i < syncs->nr_signals; i++) {
		dma_fence_chain_free(syncs->signals[i].chain);
		drm_syncobj_put(syncs->signals[i].syncobj);
	}
	kvfree(syncs->signals);
	kvfree(syncs->syncs);
}
