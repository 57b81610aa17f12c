// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Exec
 *
 * An exec has three parts. First it copies and checks everything from user space, and does
 * everything that can fail: nothing has an effect yet, and every error path releases what was
 * taken. Then the job is armed, which cannot be undone. Last the syncobjs get their fences and the
 * job goes to the scheduler; none of this can fail.
 *
 * A job that must not fault needs all objects that its address space maps to be resident and to
 * stay in place until it ends. Between mirage_gpuvm_exec_begin() and _end() all of them are locked
 * and in place, and the job's fence is added to all reservations. Between arming and pushing the
 * job, nothing is allocated and no lock is taken under which other code allocates: reclaim may
 * already be waiting for this fence.
 *
 * Rejected: a list of objects per exec, as in drivers without VM_BIND. User space would have to
 * know all objects that its program may touch, and the kernel would have to look up each one.
 */
#include <linux/dma-fence.h>
#include <linux/err.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include <drm/drm_file.h>
#include <drm/mirage_drm.h>

#include <hw/packets.h>
#include <hw/pte.h>

#include "device/array.h"
#include "device/state.h"
#include "ioctl/exec.h"
#include "ioctl/file.h"
#include "queue/job.h"
#include "queue/packet.h"
#include "queue/queue.h"
#include "queue/syncs.h"
#include "queue/trace.h"
#include "vm/gpuvm.h"
#include "vm/space.h"

#define MIRAGE_EXEC_MAX_CMDS	64
#define MIRAGE_EXEC_MAX_FENCES	16
/* Of the first version. */
#define MIRAGE_EXEC_MIN_CMDS	16
#define MIRAGE_EXEC_MIN_FENCE	16
#define MIRAGE_EXEC_MAX_BYTES	(MIRAGE_IB_MAX_WORDS * sizeof(u32))

/**
 * struct mirage_exec - an exec in progress
 */
struct mirage_exec {
	/** @file: file of the submitter */
	struct drm_file *file;
	/** @queue: target queue; a reference is held */
	struct mirage_queue *queue;
	/** @cmds: copy of the user's array, or NULL */
	struct drm_mirage_cmds *cmds;
	/** @syncs: syncobjs that the job waits for and signals */
	struct mirage_syncs syncs;
	/** @fences: copy of the user's array, or NULL */
	struct drm_mirage_user_fence *fences;
	/** @job: the job, until it is pushed */
	struct mirage_job *job;
};

/* Are @size bytes from @addr in a range that the queue's jobs may use? */
static bool exec_in_reach(const struct mirage_queue *queue, u64 addr, u64 size)
{
	u64 end;

	if (queue->flags & DRM_MIRAGE_QUEUE_NO_FAULT && addr < DRM_MIRAGE_VA_START)
		return false;

	return !check_add_overflow(addr, size, &end) && end <= BIT_ULL(MIRAGE_VA_BITS);
}

static int exec_check_cmds(const struct mirage_queue *queue, const struct drm_mirage_cmds *cmds,
			   u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		if (!IS_ALIGNED(cmds[i].addr, sizeof(u32)) ||
		    !IS_ALIGNED(cmds[i].size, sizeof(u32)))
			return -EINVAL;
		if (!cmds[i].size || cmds[i].size > MIRAGE_EXEC_MAX_BYTES)
			return -EINVAL;
		if (!exec_in_reach(queue, cmds[i].addr, cmds[i].size))
			return -EINVAL;
	}

	return 0;
}

static int exec_check_fences(const struct mirage_queue *queue,
			     const struct drm_mirage_user_fence *fences, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		if (!IS_ALIGNED(fences[i].addr, sizeof(u64)) ||
		    !exec_in_reach(queue, fences[i].addr, sizeof(u64)))
			return -EINVAL;
	}

	return 0;
}

/* Fences that may never signal are not handed out. */
static int exec_check_syncs(const struct mirage_exec *exec)
{
	u32 i;

	if (!(exec->queue->flags & DRM_MIRAGE_QUEUE_LONG_RUNNING))
		return 0;
	for (i = 0; i < exec->syncs.count; i++) {
		if (exec->syncs.syncs[i].flags & DRM_MIRAGE_SYNC_SIGNAL)
			return -EINVAL;
	}

	return 0;
}

static int exec_copy_args(struct mirage_exec *exec, const struct drm_mirage_exec *args)
{
	void *copy;
	int ret;

	copy = mirage_array_copy(&args->cmds, MIRAGE_EXEC_MAX_CMDS, MIRAGE_EXEC_MIN_CMDS,
				 sizeof(*exec->cmds));
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	exec->cmds = copy;
	ret = exec_check_cmds(exec->queue, exec->cmds, args->cmds.count);
	if (ret)
		return ret;

	ret = mirage_syncs_copy(&exec->syncs, &args->syncs);
	if (ret)
		return ret;
	ret = exec_check_syncs(exec);
	if (ret)
		return ret;

	copy = mirage_array_copy(&args->user_fences, MIRAGE_EXEC_MAX_FENCES, MIRAGE_EXEC_MIN_FENCE,
				 sizeof(*exec->fences));
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	exec->fences = copy;

	return exec_check_fences(exec->queue, exec->fences, args->user_fences.count);
}

/*
 * Has the queue stopped? If it stops just after the job was pushed, the scheduler cancels the job.
 */
static int exec_check_queue(struct mirage_queue *queue)
{
	if (mirage_queue_is_ready(queue))
		return 0;

	return mirage_device_is_wedged(queue->mdev) ? -ENODEV : -ECANCELED;
}

/* Cannot fail once the job is armed. @space: objects that the job keeps in place, or NULL. */
static void exec_push(struct mirage_exec *exec, struct mirage_gpuvm_exec *space)
{
	struct mirage_queue *queue = exec->queue;
	struct dma_fence *fence;
	bool signalling;

	mutex_lock(&queue->exec_lock);
	signalling = dma_fence_begin_signalling();
	fence = dma_fence_get(mirage_job_arm(exec->job));
	mirage_syncs_signal(&exec->syncs, fence);
	trace_mirage_exec(queue, fence->seqno, exec->job->nr_words);
	drm_sched_entity_push_job(&exec->job->base);
	dma_fence_end_signalling(signalling);
	mutex_unlock(&queue->exec_lock);

	if (space)
		mirage_gpuvm_exec_end(space, fence);
	exec->job = NULL;
	dma_fence_put(fence);
}

static int exec_submit(struct mirage_exec *exec)
{
	struct mirage_gpuvm_exec *space = NULL;

	if (exec->queue->flags & DRM_MIRAGE_QUEUE_NO_FAULT) {
		space = mirage_gpuvm_exec_begin(exec->queue->vm, &exec->job->base);
		if (IS_ERR(space))
			return PTR_ERR(space);
	}
	exec_push(exec, space);

	return 0;
}

static void exec_fini(struct mirage_exec *exec)
{
	mirage_syncs_fini(&exec->syncs);
	if (exec->job)
		mirage_job_drop(exec->job);
	if (exec->queue)
		mirage_queue_put(exec->queue);
	kvfree(exec->fences);
	kvfree(exec->cmds);
}

static int exec_add_packets(struct mirage_exec *exec, const struct drm_mirage_exec *args)
{
	u32 *words;
	u32 i;

	for (i = 0; i < args->cmds.count; i++) {
		words = mirage_job_extend(exec->job, MIRAGE_PACKET_IB_WORDS);
		if (!words)
			return -ENOMEM;
		mirage_packet_ib(words, exec->cmds[i].addr, exec->cmds[i].size);
	}
	for (i = 0; i < args->user_fences.count; i++) {
		words = mirage_job_extend(exec->job, MIRAGE_PACKET_SEM_WRITE_WORDS);
		if (!words)
			return -ENOMEM;
		mirage_packet_sem_write(words, exec->fences[i].addr, exec->fences[i].value);
	}

	return 0;
}

static int exec_prepare(struct mirage_exec *exec, const struct drm_mirage_exec *args)
{
	struct mirage_job *job;
	int ret;

	BUILD_BUG_ON(MIRAGE_EXEC_MAX_CMDS * MIRAGE_PACKET_IB_WORDS +
		     MIRAGE_EXEC_MAX_FENCES * MIRAGE_PACKET_SEM_WRITE_WORDS +
		     2 * MIRAGE_PACKET_FENCE_WORDS > BIT(MIRAGE_QUEUE_RING_ORDER));

	if (args->flags)
		return -EINVAL;
	exec->queue = mirage_file_get_queue(exec->file, args->queue_id);
	if (!exec->queue)
		return -ENOENT;
	ret = exec_copy_args(exec, args);
	if (ret)
		return ret;
	if (!mirage_vm_may_submit(exec->queue->vm))
		return -EPERM;
	ret = exec_check_queue(exec->queue);
	if (ret)
		return ret;

	job = mirage_job_create(exec->queue, exec->file);
	if (IS_ERR(job))
		return PTR_ERR(job);
	exec->job = job;
	ret = mirage_vm_add_submission(exec->queue->vm, &job->submission, exec->queue);
	if (ret)
		return ret;
	ret = exec_add_packets(exec, args);
	if (ret)
		return ret;

	return mirage_syncs_prepare(&exec->syncs, exec->file, &job->base,
				    !(exec->queue->flags & DRM_MIRAGE_QUEUE_NO_FAULT));
}

/**
 * mirage_ioctl_exec() - DRM_IOCTL_MIRAGE_EXEC
 * @drm: device
 * @data: struct drm_mirage_exec
 * @file: file
 *
 * Return: 0; -EINVAL, -E2BIG, -EFAULT, -ENOENT no such queue or syncobj, -EPERM the queue's address
 * space belongs to another process, -EWOULDBLOCK the queue is full, -ECANCELED the queue has
 * stopped, -ENODEV, -ENOMEM; for a NO_FAULT queue also -ENOSPC no room for the mapped objects,
 * -ERESTARTSYS
 */
int mirage_ioctl_exec(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct mirage_exec exec = { .file = file };
	int ret;

	ret = exec_prepare(&exec, data);
	if (!ret)
		ret = exec_submit(&exec);
	exec_fini(&exec);

	return ret;
}
