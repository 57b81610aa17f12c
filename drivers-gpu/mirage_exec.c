// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Exec
 *
 * An exec has three parts. First everything user space gave is copied in and checked,
 * and everything that can fail is done: nothing has an effect yet, and every way out
 * gives back what it took. Then the job is armed, which cannot be undone. Last the
 * syncobjs get their fences and the job goes to the scheduler, and nothing of this
 * can fail.
 *
 * Waiting for a point that nobody has submitted yet is not done here (-EINVAL, as
 * other drivers have it): a fence in the kernel must be certain to signal. User space
 * waits with DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT before it submits.
 */
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <drm/drm_file.h>
#include <drm/drm_syncobj.h>
#include <drm/mirage_drm.h>

#include <hw/packets.h>
#include <hw/pte.h>

#include "mirage_exec.h"
#include "mirage_fence.h"
#include "mirage_file.h"
#include "mirage_job.h"
#include "mirage_packet.h"
#include "mirage_queue.h"
#include "mirage_state.h"
#include "mirage_vm.h"

#define MIRAGE_EXEC_MAX_CMDS	64
#define MIRAGE_EXEC_MAX_SYNCS	256
#define MIRAGE_EXEC_MAX_FENCES	16
#define MIRAGE_EXEC_MAX_BYTES	(MIRAGE_IB_MAX_WORDS * sizeof(u32))

/**
 * struct mirage_exec_signal - a syncobj that will carry the job's fence
 */
struct mirage_exec_signal {
	/** @syncobj: a reference is held */
	struct drm_syncobj *syncobj;
	/** @chain: node for a timeline syncobj, allocated while that may fail; else NULL */
	struct dma_fence_chain *chain;
	/** @point: of a timeline syncobj */
	u64 point;
};

/**
 * struct mirage_exec - an exec in progress
 */
struct mirage_exec {
	/** @file: who submits */
	struct drm_file *file;
	/** @queue: where to; a reference is held */
	struct mirage_queue *queue;
	/** @cmds: copy of the user's array, or NULL */
	struct drm_mirage_cmds *cmds;
	/** @syncs: copy of the user's array, or NULL */
	struct drm_mirage_sync *syncs;
	/** @fences: copy of the user's array, or NULL */
	struct drm_mirage_user_fence *fences;
	/** @signals: room for as many as @syncs; the first @nr_signals are in use */
	struct mirage_exec_signal *signals;
	/** @nr_signals: see @signals */
	u32 nr_signals;
	/** @job: the job, until it is pushed */
	struct mirage_job *job;
};

/* Are so many bytes from @addr where the queue's jobs may use memory? */
static bool mirage_exec_in_reach(const struct mirage_queue *queue, u64 addr, u64 size)
{
	u64 end;

	if (queue->flags & DRM_MIRAGE_QUEUE_NO_FAULT && addr < DRM_MIRAGE_VA_START)
		return false;

	return !check_add_overflow(addr, size, &end) && end <= BIT_ULL(MIRAGE_VA_BITS);
}

static int mirage_exec_check_cmds(const struct mirage_queue *queue,
				  const struct drm_mirage_cmds *cmds, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		if (!IS_ALIGNED(cmds[i].addr, sizeof(u32)) ||
		    !IS_ALIGNED(cmds[i].size, sizeof(u32)))
			return -EINVAL;
		if (!cmds[i].size || cmds[i].size > MIRAGE_EXEC_MAX_BYTES)
			return -EINVAL;
		if (!mirage_exec_in_reach(queue, cmds[i].addr, cmds[i].size))
			return -EINVAL;
	}

	return 0;
}

static int mirage_exec_check_fences(const struct mirage_queue *queue,
				    const struct drm_mirage_user_fence *fences, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		if (!IS_ALIGNED(fences[i].addr, sizeof(u64)) ||
		    !mirage_exec_in_reach(queue, fences[i].addr, sizeof(u64)))
			return -EINVAL;
	}

	return 0;
}

static int mirage_exec_check_syncs(const struct mirage_queue *queue,
				   const struct drm_mirage_sync *syncs, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		bool timeline = syncs[i].flags & DRM_MIRAGE_SYNC_TIMELINE;
		bool signal = syncs[i].flags & DRM_MIRAGE_SYNC_SIGNAL;

		/* What may never signal is not given to anybody. */
		if (signal && queue->flags & DRM_MIRAGE_QUEUE_LONG_RUNNING)
			return -EINVAL;

		if (syncs[i].flags & ~(DRM_MIRAGE_SYNC_SIGNAL | DRM_MIRAGE_SYNC_TIMELINE))
			return -EINVAL;
		if (timeline != !!syncs[i].point)
			return -EINVAL;
	}

	return 0;
}

/* Copy a user's array; NULL if it is empty. */
static void *mirage_exec_copy(u64 user, u32 count, size_t size)
{
	if (!count)
		return NULL;

	return vmemdup_array_user(u64_to_user_ptr(user), count, size);
}

static int mirage_exec_copy_args(struct mirage_exec *exec, const struct drm_mirage_exec *args)
{
	void *copy;
	int ret;

	copy = mirage_exec_copy(args->cmds, args->nr_cmds, sizeof(*exec->cmds));
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	exec->cmds = copy;
	ret = mirage_exec_check_cmds(exec->queue, exec->cmds, args->nr_cmds);
	if (ret)
		return ret;

	copy = mirage_exec_copy(args->syncs, args->nr_syncs, sizeof(*exec->syncs));
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	exec->syncs = copy;
	ret = mirage_exec_check_syncs(exec->queue, exec->syncs, args->nr_syncs);
	if (ret)
		return ret;

	copy = mirage_exec_copy(args->user_fences, args->nr_user_fences, sizeof(*exec->fences));
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	exec->fences = copy;

	return mirage_exec_check_fences(exec->queue, exec->fences, args->nr_user_fences);
}

static int mirage_exec_add_wait(struct mirage_exec *exec, const struct drm_mirage_sync *sync)
{
	struct dma_fence *fence;
	int ret;

	ret = drm_syncobj_find_fence(exec->file, sync->handle, sync->point, 0, &fence);
	if (ret)
		return ret;
	if (exec->queue->flags & DRM_MIRAGE_QUEUE_NO_FAULT && mirage_fence_may_fault(fence)) {
		dma_fence_put(fence);
		return -EINVAL;
	}

	/* Consumes the fence. */
	return drm_sched_job_add_dependency(&exec->job->base, fence);
}

static int mirage_exec_add_signal(struct mirage_exec *exec, const struct drm_mirage_sync *sync)
{
	struct mirage_exec_signal *signal = &exec->signals[exec->nr_signals];

	signal->syncobj = drm_syncobj_find(exec->file, sync->handle);
	if (!signal->syncobj)
		return -ENOENT;
	exec->nr_signals++;

	if (sync->flags & DRM_MIRAGE_SYNC_TIMELINE) {
		signal->point = sync->point;
		signal->chain = dma_fence_chain_alloc();
		if (!signal->chain)
			return -ENOMEM;
	}

	return 0;
}

static int mirage_exec_add_syncs(struct mirage_exec *exec, u32 count)
{
	int ret = 0;
	u32 i;

	if (!count)
		return 0;

	exec->signals = kvzalloc_objs(*exec->signals, count);
	if (!exec->signals)
		return -ENOMEM;

	for (i = 0; i < count && !ret; i++) {
		if (exec->syncs[i].flags & DRM_MIRAGE_SYNC_SIGNAL)
			ret = mirage_exec_add_signal(exec, &exec->syncs[i]);
		else
			ret = mirage_exec_add_wait(exec, &exec->syncs[i]);
	}

	return ret;
}

/* Put the job's fence where user space asked for it. Cannot fail. */
static void mirage_exec_signal(struct mirage_exec *exec, struct dma_fence *fence)
{
	u32 i;

	for (i = 0; i < exec->nr_signals; i++) {
		struct mirage_exec_signal *signal = &exec->signals[i];

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

/* Has the queue stopped? A job pushed a moment before it does is cancelled by the scheduler. */
static int mirage_exec_check_queue(struct mirage_queue *queue)
{
	bool ready;

	spin_lock(&queue->lock);
	ready = queue->error.state == DRM_MIRAGE_QUEUE_READY;
	spin_unlock(&queue->lock);

	if (ready)
		return 0;

	return mirage_device_is_lost(queue->mdev) ? -ENODEV : -ECANCELED;
}

/* From arming on there is no way back. */
static void mirage_exec_push(struct mirage_exec *exec)
{
	struct mirage_queue *queue = exec->queue;
	struct dma_fence *fence;

	mutex_lock(&queue->exec_lock);
	fence = dma_fence_get(mirage_job_arm(exec->job));
	mirage_exec_signal(exec, fence);
	drm_sched_entity_push_job(&exec->job->base);
	mutex_unlock(&queue->exec_lock);

	exec->job = NULL;
	dma_fence_put(fence);
}

static void mirage_exec_fini(struct mirage_exec *exec)
{
	u32 i;

	for (i = 0; i < exec->nr_signals; i++) {
		dma_fence_chain_free(exec->signals[i].chain);
		drm_syncobj_put(exec->signals[i].syncobj);
	}
	kvfree(exec->signals);
	if (exec->job)
		mirage_job_drop(exec->job);
	if (exec->queue)
		mirage_queue_put(exec->queue);
	kvfree(exec->fences);
	kvfree(exec->syncs);
	kvfree(exec->cmds);
}

static int mirage_exec_add_packets(struct mirage_exec *exec, const struct drm_mirage_exec *args)
{
	u32 *words;
	u32 i;

	for (i = 0; i < args->nr_cmds; i++) {
		words = mirage_job_extend(exec->job, MIRAGE_PACKET_IB_WORDS);
		if (!words)
			return -ENOMEM;
		mirage_packet_ib(words, exec->cmds[i].addr, exec->cmds[i].size);
	}
	for (i = 0; i < args->nr_user_fences; i++) {
		words = mirage_job_extend(exec->job, MIRAGE_PACKET_SEM_WRITE_WORDS);
		if (!words)
			return -ENOMEM;
		mirage_packet_sem_write(words, exec->fences[i].addr, exec->fences[i].value);
	}

	return 0;
}

static int mirage_exec_check_args(const struct drm_mirage_exec *args)
{
	if (args->flags || args->pad)
		return -EINVAL;
	if (args->nr_cmds > MIRAGE_EXEC_MAX_CMDS || args->nr_syncs > MIRAGE_EXEC_MAX_SYNCS ||
	    args->nr_user_fences > MIRAGE_EXEC_MAX_FENCES)
		return -E2BIG;

	return 0;
}

static int mirage_exec_prepare(struct mirage_exec *exec, const struct drm_mirage_exec *args)
{
	struct mirage_job *job;
	int ret;

	BUILD_BUG_ON(MIRAGE_EXEC_MAX_CMDS * MIRAGE_PACKET_IB_WORDS +
		     MIRAGE_EXEC_MAX_FENCES * MIRAGE_PACKET_SEM_WRITE_WORDS +
		     2 * MIRAGE_PACKET_FENCE_WORDS > BIT(MIRAGE_QUEUE_RING_ORDER));

	ret = mirage_exec_check_args(args);
	if (ret)
		return ret;
	exec->queue = mirage_file_get_queue(exec->file, args->queue_id);
	if (!exec->queue)
		return -ENOENT;
	ret = mirage_exec_copy_args(exec, args);
	if (ret)
		return ret;
	if (!mirage_vm_may_submit(exec->queue->vm))
		return -EPERM;
	ret = mirage_exec_check_queue(exec->queue);
	if (ret)
		return ret;

	job = mirage_job_create(exec->queue, exec->file);
	if (IS_ERR(job))
		return PTR_ERR(job);
	exec->job = job;
	ret = mirage_exec_add_packets(exec, args);
	if (ret)
		return ret;

	return mirage_exec_add_syncs(exec, args->nr_syncs);
}

/**
 * mirage_ioctl_exec() - DRM_IOCTL_MIRAGE_EXEC
 * @drm: device
 * @data: struct drm_mirage_exec
 * @file: file
 *
 * Return: 0; -EINVAL, -E2BIG, -EFAULT, -ENOENT no such queue or syncobj, -EPERM the queue's
 * address space is not the caller's, -ECANCELED the queue has stopped, -ENODEV, -ENOMEM
 */
int mirage_ioctl_exec(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct mirage_exec exec = { .file = file };
	int ret;

	ret = mirage_exec_prepare(&exec, data);
	if (!ret)
		mirage_exec_push(&exec);
	mirage_exec_fini(&exec);

	return ret;
}
