// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Jobs
 *
 * A job consists of packets for the ring and a fence: an IB packet for each indirect buffer of an
 * exec, or the kernel's own copies (queue/copy.c). The scheduler holds it until its dependencies
 * have signalled and the ring has room. Then run_job() copies its words to the ring and adds a
 * FENCE packet. From then until its hardware fence signals it is in flight: on its queue's list,
 * oldest first.
 *
 *   exec -> entity (waits for syncobjs) -> run_job() -> ring -> FENCE -> event -> fence
 *
 * The kernel never reads the packets in the indirect buffers: user space may change that memory at
 * any time, and the device checks each packet when it executes it. The kernel writes only ring
 * packets of fixed form.
 *
 * The scheduler's credits are ring words. A job's words become free when its fence has signalled.
 * At that moment the device may still be reading the job's FENCE packet, so the credit limit leaves
 * room for one.
 *
 * A queue holds at most MIRAGE_QUEUE_MAX_JOBS unfinished jobs of users, and each user has a limit
 * over all queues (device/quota.c). The submitter's memory cgroup is charged for their memory,
 * except for the scheduler's fences, which the scheduler allocates itself: the limits bound those.
 *
 * Model: one scheduler and one entity per queue, as in drivers for firmware schedulers. Rejected:
 * one scheduler for all channels, where a blocked queue would hold up others, and their timeouts
 * would be tied together.
 */
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>

#include "device/device.h"
#include "device/quota.h"
#include "device/regs.h"
#include "device/shared.h"
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

/*
 * Account for a job of @vm, or of the kernel (NULL), before the device gets it; start the watchdog.
 */
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

/* Write the job to the ring. Its credits guarantee the room. */
static void job_write(struct mirage_queue *queue, const struct mirage_job *job)
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

/* Count the job. Fails while the queue is full or the user is at the limit; both are temporary. */
static int job_count(struct mirage_job *job)
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

/* Called before the fence signals, so that its waiters then find room. */
static void job_uncount(struct mirage_job *job)
{
	if (!job->user)
		return;
	atomic_dec(&job->queue->nr_jobs);
	mirage_quota_give(job->queue->mdev, job->user, MIRAGE_QUOTA_JOBS);
	job->user = NULL;
}

/* Put the job into the ring. True if the device runs, and has to be told by the doorbell. */
static bool job_submit(struct mirage_queue *queue, struct mirage_job *job)
{
	struct mirage_device *mdev = queue->mdev;
	bool running;

	lockdep_assert_held(&queue->lock);

	job->seqno = ++queue->seqno;
	job->start = queue->put;
	/* A stopped device does not see the job until its channel is started again. */
	running = mirage_device_is_running(mdev);
	job->starts = running;
	mirage_fence_init(job->fence, queue->fence_context, job->seqno);
	job_write(queue, job);
	if (list_empty(&queue->in_flight))
		mirage_charge_begin(queue);
	list_add_tail(&job->node, &queue->in_flight);
	job_start(mdev, queue->vm);

	/* Release: the device reads put before the packets, so write the packets before put. */
	mirage_shared_write32_release(&mdev->chans[queue->chan].put, queue->put);

	return running;
}

/* Pass a job to the device, after its dependencies have signalled. */
static struct dma_fence *job_run(struct drm_sched_job *base)
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
		/*
		 * Only after the jobs in flight: the last fence of a context covers all earlier
		 * ones.
		 */
		mirage_queue_quiesce(queue);
		fence = ERR_PTR(-ECANCELED);
		goto exit;
	}

	running = job_submit(queue, job);
	spin_unlock(&queue->lock);

	/*
	 * Outside the lock, since it traps. If the queue has gone by now, the doorbell may belong
	 * to another queue or to none; ringing it has no effect. The registers of a sleeping device
	 * may be inaccessible.
	 */
	if (running)
		mirage_reg_write(mdev, MIRAGE_REG32(DOORBELL_CHAN), queue->chan);
	fence = dma_fence_get(job->fence);
exit:
	drm_dev_exit(idx);
end:
	if (IS_ERR(fence)) {
		job_uncount(job);
		mirage_vm_end_submission(mdev, &job->submission);
	}
	dma_fence_end_signalling(signalling);

	return fence;
}

/*
 * The oldest job takes too long. If it is complete and only its interrupt was lost, nothing is
 * stopped. Otherwise the queue stops for good. The scheduler restarts its timer with every job that
 * it submits, so it never fires for a queue that is fed continuously; mirage_queues_kick() handles
 * those.
 *
 * In both cases all fences of the ring have signalled at the end, and the scheduler only has to
 * take its job back and free it: it does that for NO_HANG. RESET would require stopping and
 * restarting the scheduler for a ring that never runs again.
 */
static enum drm_gpu_sched_stat job_timedout(struct drm_sched_job *base)
{
	struct mirage_job *job = to_mirage_job(base);
	struct mirage_queue *queue = job->queue;

	/* If the last reference has gone, the queue is being quiesced, which signals the fence. */
	if (!kref_get_unless_zero(&queue->ref))
		return DRM_GPU_SCHED_STAT_NO_HANG;

	mirage_queue_poll(queue);
	mirage_queue_expire(queue);
	mirage_queue_quiesce(queue);
	mirage_queue_put_later(queue);

	return DRM_GPU_SCHED_STAT_NO_HANG;
}

static void job_free(struct drm_sched_job *base)
{
	struct mirage_job *job = to_mirage_job(base);

	drm_sched_job_cleanup(base);
	job_uncount(job);
	mirage_fence_put(job->fence);
	mirage_vm_end_submission(job->queue->mdev, &job->submission);
	mirage_vm_put_submission(&job->submission);
	mirage_queue_put_sched(job->queue);
	kvfree(job->words);
	kfree(job);
}

const struct drm_sched_backend_ops mirage_job_sched_ops = {
	.run_job = job_run,
	.timedout_job = job_timedout,
	.free_job = job_free,
};

/**
 * mirage_job_create() - create a job without packets, not armed yet
 * @queue: queue it will run on; the caller holds a reference
 * @file: file of the submitter, or NULL for the kernel
 *
 * Context: process, may sleep.
 * Return: the job, to be armed and pushed, or passed to mirage_job_drop(); or an ERR_PTR:
 * -EWOULDBLOCK the queue is full or the user has too many jobs, never for the kernel; -ENOMEM
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

	/* Its credits are set when it is armed. */
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

	ret = file ? job_count(job) : 0;
	if (ret) {
		mirage_job_drop(job);
		return ERR_PTR(ret);
	}

	return job;
}

/**
 * mirage_job_extend() - make room for another packet
 * @job: job that is not armed
 * @count: words of the packet
 *
 * Context: process, may sleep.
 * Return: address to write the packet to, or NULL out of memory
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
 * mirage_job_arm() - arm a job; it must be pushed afterwards
 * @job: job with all its packets
 *
 * The caller holds mirage_queue.exec_lock until it has pushed the job, and must not fail any more.
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
	job_free(&job->base);
}

/**
 * mirage_job_complete() - signal the fence of a job that was in flight
 * @job: job, which the caller has removed from its queue's list, so that only it signals the fence
 * @error: 0, or the negative errno of a job that did not complete
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
	job_uncount(job);
	mirage_vm_end_submission(job->queue->mdev, &job->submission);
	mirage_fence_signal(fence, error);
	dma_fence_put(fence);
}
