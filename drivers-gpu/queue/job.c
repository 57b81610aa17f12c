// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Jobs
 *
 * A job is some packets for the ring and a fence: an IB packet for each indirect
 * buffer of an exec, or the kernel's own copies (queue/copy.c). The scheduler holds it until
 * its dependencies have signalled and the ring has room, then run_job() copies its
 * words to the ring and adds a FENCE packet. From there to its hardware fence it is in
 * flight: on its queue's list, oldest first.
 *
 *   exec -> entity (waits for syncobjs) -> run_job() -> ring -> FENCE -> event -> fence
 *
 * The kernel never looks at the packets in the indirect buffers: they lie in memory
 * that user space may change at any time, and the device checks each packet as it
 * executes it. What the kernel writes are ring packets of fixed form.
 *
 * Room in the ring is the scheduler's credit, in words. A job's words are free again
 * when its fence has signalled; its own FENCE packet may still be at the device's
 * fingers at that moment, so the credit limit leaves the room of one.
 *
 * A queue holds MIRAGE_QUEUE_MAX_JOBS jobs of users that are not over, and a user has so many in all (device/quota.c).
 * Their memory is charged to the memory cgroup of whoever submits, but for the scheduler's fences, which it allocates
 * itself: the bounds are what limits those.
 *
 * Model followed: one scheduler and one entity for each queue, as drivers for
 * firmware schedulers have it. Rejected: one scheduler for all channels, which
 * would let a blocked queue hold up others and tie their timeouts together.
 */
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>

#include "device/device.h"
#include "device/quota.h"
#include "device/regs.h"
#include "device/state.h"
#include "mmu/vm.h"
#include "queue/fence.h"
#include "queue/job.h"
#include "queue/packet.h"
#include "queue/queue.h"

static struct mirage_job *to_mirage_job(struct drm_sched_job *base)
{
	return container_of(base, struct mirage_job, base);
}

/* The device is about to get a job of @vm, or of the kernel's: the watchdog has something to look at. */
static void job_start(struct mirage_device *mdev, struct mirage_vm *vm)
{
	if (vm) {
		atomic_inc(&vm->progress);
		atomic_inc(&vm->jobs);
	}
	if (atomic_inc_return(&mdev->watchdog.jobs) == 1)
		mirage_watchdog_start(mdev);
}

static void job_done(struct mirage_device *mdev, struct mirage_vm *vm)
{
	if (vm) {
		atomic_inc(&vm->progress);
		atomic_dec(&vm->jobs);
	}
	atomic_dec(&mdev->watchdog.jobs);
}

/* Write the job to the ring. Its credits have promised the room. */
static void mirage_job_write(struct mirage_queue *queue, const struct mirage_job *job)
{
	u32 ring_words = mirage_queue_ring_words(queue);
	u64 slot = mirage_mem_phys(&queue->mem, mirage_queue_ring_bytes(queue));
	u32 fence[MIRAGE_PACKET_FENCE_WORDS];

	lockdep_assert_held(&queue->lock);

	mirage_packet_fence(fence, slot, job->seqno);
	queue->put = mirage_packet_put(queue->mem.cpu, ring_words, queue->put, job->words,
				       job->nr_words);
	queue->put = mirage_packet_put(queue->mem.cpu, ring_words, queue->put, fence,
				       ARRAY_SIZE(fence));
}

/* Take its place in the queue, unless that is full or the user has too many jobs in all. Either passes. */
static int mirage_job_count(struct mirage_job *job)
{
	struct mirage_device *mdev = job->queue->mdev;
	struct mirage_quota_user *user = mirage_quota_take(mdev, MIRAGE_QUOTA_JOBS);

	if (IS_ERR(user))
		return user == ERR_PTR(-EDQUOT) ? -EWOULDBLOCK : PTR_ERR(user);
	if (!atomic_add_unless(&job->queue->nr_jobs, 1, MIRAGE_QUEUE_MAX_JOBS)) {
		mirage_quota_give(mdev, user, MIRAGE_QUOTA_JOBS);
		return -EWOULDBLOCK;
	}
	job->user = user;

	return 0;
}

/* Before its fence signals: whoever has waited for that finds room. */
static void mirage_job_uncount(struct mirage_job *job)
{
	if (!job->user)
		return;
	atomic_dec(&job->queue->nr_jobs);
	mirage_quota_give(job->queue->mdev, job->user, MIRAGE_QUOTA_JOBS);
	job->user = NULL;
}

/* Hand a job whose dependencies have signalled to the device. */
static struct dma_fence *mirage_job_run(struct drm_sched_job *base)
{
	struct mirage_job *job = to_mirage_job(base);
	struct mirage_queue *queue = job->queue;
	struct mirage_device *mdev = queue->mdev;
	struct dma_fence *fence = ERR_PTR(-ENODEV);
	bool signalling = dma_fence_begin_signalling();
	bool running;
	int idx;

	if (!drm_dev_enter(&mdev->drm, &idx))
		goto end;

	spin_lock(&queue->lock);
	if (queue->error.state != DRM_MIRAGE_QUEUE_READY || job->epoch != queue->epoch) {
		spin_unlock(&queue->lock);
		/* Not before the jobs that the device has: the last fence of a context tells of all. */
		mirage_queue_quiesce(queue);
		fence = ERR_PTR(-ECANCELED);
		goto exit;
	}

	job->seqno = ++queue->seqno;
	job->start = queue->put;
	/* If it does not run it cannot see the job before it is told to start the channel again. */
	running = mirage_device_is_running(mdev);
	job->starts = running;
	mirage_fence_init(job->fence, queue->fence_context, job->seqno);
	mirage_job_write(queue, job);
	if (list_empty(&queue->in_flight))
		mirage_charge_begin(queue);
	list_add_tail(&job->node, &queue->in_flight);
	job_start(mdev, queue->vm);

	/* The device reads put before the packets, so they are written before put. */
	dma_wmb();
	WRITE_ONCE(mdev->chans[queue->chan].put, cpu_to_le32(queue->put));
	spin_unlock(&queue->lock);

	/*
	 * Outside the lock, since it traps. If the queue has gone by now the doorbell is
	 * another's or nobody's, and rings for nothing. A device that is asleep may have no registers.
	 */
	if (running)
		mirage_reg_write(mdev, MIRAGE_DOORBELL_CHAN, queue->chan);
	fence = dma_fence_get(job->fence);
exit:
	drm_dev_exit(idx);
end:
	if (IS_ERR(fence)) {
		mirage_job_uncount(job);
		mirage_vm_end_submission(mdev, &job->submission);
	}
	dma_fence_end_signalling(signalling);

	return fence;
}

/*
 * The oldest job takes too long. If it is complete and merely its interrupt was lost
 * there is nothing to punish. Otherwise the queue stops for good. The scheduler starts
 * its clock again with every job that it hands over, so a queue that is fed all the time
 * does not come here; mirage_queues_kick() looks after those.
 *
 * Either way all fences of the ring have signalled at the end, and the scheduler
 * is to do no more than take its job back and free it: that is what it does for NO_HANG.
 * RESET would have us stop the scheduler and start it again, for a ring that never runs
 * again.
 */
static enum drm_gpu_sched_stat mirage_job_timedout(struct drm_sched_job *base)
{
	struct mirage_job *job = to_mirage_job(base);
	struct mirage_queue *queue = job->queue;

	/* When the last reference has gone the queue is being quiesced, which signals the fence. */
	if (!kref_get_unless_zero(&queue->ref))
		return DRM_GPU_SCHED_STAT_NO_HANG;

	mirage_queue_poll(queue);
	mirage_queue_expire(queue);
	mirage_queue_quiesce(queue);
	mirage_queue_put_later(queue);

	return DRM_GPU_SCHED_STAT_NO_HANG;
}

static void mirage_job_free(struct drm_sched_job *base)
{
	struct mirage_job *job = to_mirage_job(base);

	drm_sched_job_cleanup(base);
	mirage_job_uncount(job);
	mirage_fence_put(job->fence);
	mirage_vm_end_submission(job->queue->mdev, &job->submission);
	mirage_vm_put_submission(&job->submission);
	mirage_queue_put_sched(job->queue);
	kvfree(job->words);
	kfree(job);
}

const struct drm_sched_backend_ops mirage_job_sched_ops = {
	.run_job = mirage_job_run,
	.timedout_job = mirage_job_timedout,
	.free_job = mirage_job_free,
};

/**
 * mirage_job_create() - a job without packets, not armed yet
 * @queue: where it will run; the caller holds a reference
 * @file: who submits it, or NULL for the kernel
 *
 * Context: process, may sleep.
 * Return: the job, to be armed and pushed or given to mirage_job_drop(); or an ERR_PTR: -EWOULDBLOCK the queue is full
 * or the user has too many jobs, which is never said to the kernel; -ENOMEM
 */
struct mirage_job *mirage_job_create(struct mirage_queue *queue, struct drm_file *file)
{
	void *owner = mirage_fence_owner(mirage_queue_may_fault(queue), file);
	struct mirage_job *job;
	int ret;

	job = kzalloc_obj(*job, GFP_KERNEL_ACCOUNT);
	if (!job)
		return ERR_PTR(-ENOMEM);

	job->fence = mirage_fence_alloc();
	if (!job->fence) {
		kfree(job);
		return ERR_PTR(-ENOMEM);
	}

	/* What it costs is known when it is armed. */
	ret = drm_sched_job_init(&job->base, &queue->entity, MIRAGE_PACKET_FENCE_WORDS, owner,
				 file ? file->client_id : 0);
	if (ret) {
		mirage_fence_put(job->fence);
		kfree(job);
		return ERR_PTR(ret);
	}

	job->queue = queue;
	mirage_queue_get_sched(queue);
	spin_lock(&queue->lock);
	job->epoch = queue->epoch;
	spin_unlock(&queue->lock);

	ret = file ? mirage_job_count(job) : 0;
	if (ret) {
		mirage_job_drop(job);
		return ERR_PTR(ret);
	}

	return job;
}

/**
 * mirage_job_extend() - room for another packet
 * @job: job that is not armed
 * @count: words of the packet
 *
 * Context: process, may sleep.
 * Return: where to write the packet, or NULL out of memory
 */
u32 *mirage_job_extend(struct mirage_job *job, u32 count)
{
	u32 *words;
	u32 room;

	if (count > job->room - job->nr_words) {
		room = max(2 * job->room, job->nr_words + count);
		words = kvrealloc(job->words, array_size(room, sizeof(*words)),
				  GFP_KERNEL_ACCOUNT);
		if (!words)
			return NULL;
		job->words = words;
		job->room = room;
	}
	words = &job->words[job->nr_words];
	job->nr_words += count;

	return words;
}

/**
 * mirage_job_arm() - the point of no return
 * @job: job with all its packets
 *
 * The caller holds mirage_queue.exec_lock until it has pushed the job, and can fail no more.
 *
 * Return: the fence that signals when the job is over, borrowed from the job
 */
struct dma_fence *mirage_job_arm(struct mirage_job *job)
{
	lockdep_assert_held(&job->queue->exec_lock);

	job->base.credits = job->nr_words + MIRAGE_PACKET_FENCE_WORDS;
	drm_sched_job_arm(&job->base);

	return &job->base.s_fence->finished;
}

/**
 * mirage_job_drop() - free a job that was never armed
 * @job: from mirage_job_create()
 */
void mirage_job_drop(struct mirage_job *job)
{
	mirage_job_free(&job->base);
}

/**
 * mirage_job_complete() - signal a job that was in flight
 * @job: taken off its queue's list by the caller, so that nobody else signals it
 * @error: 0, or why it did not complete
 *
 * The job may be freed before this returns.
 *
 * Context: process, a reference to the job's queue held or its stop_lock with the
 * queue not released yet; no spinlock.
 */
void mirage_job_complete(struct mirage_job *job, int error)
{
	struct dma_fence *fence = dma_fence_get(job->fence);

	job_done(job->queue->mdev, job->queue->vm);
	mirage_job_uncount(job);
	mirage_vm_end_submission(job->queue->mdev, &job->submission);
	mirage_fence_signal(fence, error);
	dma_fence_put(fence);
}
