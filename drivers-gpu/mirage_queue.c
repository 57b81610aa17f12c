// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Queues
 *
 * A queue is one channel of the device with a ring in system memory and a scheduler
 * of its own. It is ready, or it has stopped for good; a stopped queue is never
 * started again, since what its jobs would have done to memory is unknown to their
 * successors. Whoever submitted makes a new one.
 *
 * Stopping has two halves, because those who find the reason (fault service, event
 * interrupt, loss of the device) often may not wait:
 *
 *   mirage_queue_fail()     writes the reason; the first one stays. No job starts from
 *                           here on.
 *   mirage_queue_quiesce()  resets the channel, waits until the device makes no further
 *                           access for it, and only then signals the fences of
 *                           the jobs it had. A fence thus never signals while its
 *                           job can still write memory.
 *
 * If the device does not answer the reset it is cut off from memory (mirage_device.c),
 * which gives the same guarantee.
 *
 * A channel number is given back after the reset. The fault buffer may still hold
 * entries of the channel's old owner; they are told from the new one's by their time.
 * Events need no such care: a FENCE event makes us look at a fence slot, an ERROR event
 * at the descriptor's state, and both then are the new owner's.
 *
 * Rejected: stopping the scheduler (drm_sched_stop) and restarting it with the ring
 * cleaned of the bad job, as drivers with shared rings do: a ring here belongs to
 * one submitter, and there is nobody innocent behind the bad job to be saved.
 */
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include <hw/queues.h>

#include "mirage_cmdq.h"
#include "mirage_device_types.h"
#include "mirage_fault.h"
#include "mirage_job.h"
#include "mirage_packet.h"
#include "mirage_queue.h"
#include "mirage_reset.h"
#include "mirage_service.h"
#include "mirage_state.h"
#include "mirage_usage.h"
#include "mirage_vm.h"

#define MIRAGE_QUEUE_TIMEOUT_MS	10000

/*
 * Ends schedulers. Of the module and not of a device: the last scheduler's end may be the end of
 * the device structure, and with it of every workqueue in there.
 */
static struct workqueue_struct *mirage_queue_free_wq;
/* Schedulers alive, and who waits for there to be none: module exit. */
static atomic_t mirage_queue_count = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(mirage_queue_none);

static struct mirage_chan_desc *mirage_queue_desc(const struct mirage_queue *queue)
{
	return &queue->mdev->chans[queue->chan];
}

/**
 * mirage_queue_comm() - whose queue it is, for reports
 * @queue: queue, a reference held
 */
const char *mirage_queue_comm(const struct mirage_queue *queue)
{
	return queue->vm ? queue->vm->comm : "kernel";
}

/**
 * mirage_queue_tgid() - process whose queue it is, for reports
 * @queue: queue, a reference held
 */
pid_t mirage_queue_tgid(const struct mirage_queue *queue)
{
	return queue->vm ? queue->vm->tgid : 0;
}

static void mirage_queue_free_work(struct work_struct *work)
{
	struct mirage_queue *queue =
		container_of(to_rcu_work(work), struct mirage_queue, free_work);

	drm_sched_entity_fini(&queue->entity);
	drm_sched_fini(&queue->sched);
	drm_dev_put(&queue->mdev->drm);
	mutex_destroy(&queue->exec_lock);
	mutex_destroy(&queue->stop_lock);
	kfree_rcu(queue, rcu);

	if (atomic_dec_and_test(&mirage_queue_count))
		wake_up_all(&mirage_queue_none);
}

static void mirage_queue_release_sched(struct kref *kref)
{
	struct mirage_queue *queue = container_of(kref, struct mirage_queue, sched_ref);

	queue_rcu_work(mirage_queue_free_wq, &queue->free_work);
}

/**
 * mirage_queue_get_sched() - keep the scheduler
 * @queue: queue that the caller has some reference to
 */
void mirage_queue_get_sched(struct mirage_queue *queue)
{
	kref_get(&queue->sched_ref);
}

/**
 * mirage_queue_put_sched() - need the scheduler no more
 * @queue: queue
 *
 * Context: any; may be called from the scheduler's own works.
 */
void mirage_queue_put_sched(struct mirage_queue *queue)
{
	kref_put(&queue->sched_ref, mirage_queue_release_sched);
}

static void mirage_queue_end(struct mirage_queue *queue)
{
	const struct mirage_queue_error gone = {
		.state = DRM_MIRAGE_QUEUE_LOST,
		.error = -ECANCELED,
	};

	mirage_queue_fail(queue, &gone);
	mirage_queue_quiesce(queue);

	/* After this nobody finds the queue by its channel, so nobody queues its stop work. */
	xa_erase(&queue->mdev->queues, queue->chan);
	cancel_work_sync(&queue->stop_work);

	/*
	 * Jobs that wait for others' fences stay with the scheduler, and run_job() cancels them
	 * when their turn comes. Not drm_sched_entity_kill(): it waits for the same fences, and
	 * then calls the jobs' error -ESRCH, which is not what happened.
	 */
	mirage_mem_free(queue->mdev, &queue->mem);
	if (queue->vm)
		mirage_vm_put(queue->vm);
	mirage_usage_put(queue->usage);
	mirage_queue_put_sched(queue);
}

static void mirage_queue_release(struct kref *kref)
{
	mirage_queue_end(container_of(kref, struct mirage_queue, ref));
}

static void mirage_queue_end_work(struct work_struct *work)
{
	mirage_queue_end(container_of(work, struct mirage_queue, end_work));
}

static void mirage_queue_release_later(struct kref *kref)
{
	struct mirage_queue *queue = container_of(kref, struct mirage_queue, ref);

	queue_work(mirage_queue_free_wq, &queue->end_work);
}

/**
 * mirage_queue_get() - take a reference
 * @queue: queue that the caller has a reference to
 *
 * Return: @queue
 */
struct mirage_queue *mirage_queue_get(struct mirage_queue *queue)
{
	kref_get(&queue->ref);
	return queue;
}

/**
 * mirage_queue_put() - drop a reference
 * @queue: queue
 *
 * Context: process, may sleep: the last one resets the channel.
 */
void mirage_queue_put(struct mirage_queue *queue)
{
	kref_put(&queue->ref, mirage_queue_release);
}

/**
 * mirage_queue_put_later() - drop a reference where fences are on the way
 * @queue: queue
 *
 * The last one ends an address space, which waits for mm; here a work does.
 *
 * Context: any.
 */
void mirage_queue_put_later(struct mirage_queue *queue)
{
	kref_put(&queue->ref, mirage_queue_release_later);
}

static void mirage_queue_stop_work(struct work_struct *work)
{
	mirage_queue_quiesce(container_of(work, struct mirage_queue, stop_work));
}

/* Take jobs up to @seqno off the device's list, onto @done. */
static void mirage_queue_take(struct mirage_queue *queue, u64 seqno, struct list_head *done)
{
	struct mirage_job *job, *next;

	lockdep_assert_held(&queue->lock);

	list_for_each_entry_safe(job, next, &queue->in_flight, node) {
		if (job->seqno > seqno)
			break;
		list_move_tail(&job->node, done);
	}
}

static void mirage_queue_complete(struct list_head *done, int error)
{
	struct mirage_job *job, *next;

	/* A completed job may be freed at once; those behind it are not complete yet. */
	list_for_each_entry_safe(job, next, done, node) {
		list_del_init(&job->node);
		mirage_job_complete(job, error);
	}
}

/**
 * mirage_queue_poll() - signal what the device has completed
 * @queue: queue
 *
 * Context: process, a reference held; sleeps not. The device's memory is there: between
 * drm_dev_enter() and drm_dev_exit(), or jobs are in flight and nobody has
 * called mirage_queues_lost().
 * Return: true if it signalled something
 */
bool mirage_queue_poll(struct mirage_queue *queue)
{
	__le64 *slot = queue->mem.cpu + mirage_queue_ring_bytes(queue);
	LIST_HEAD(done);
	bool any;

	spin_lock(&queue->lock);
	/* An empty list also means that the slot may have been given back. */
	if (!list_empty(&queue->in_flight)) {
		mirage_queue_take(queue, le64_to_cpu(READ_ONCE(*slot)), &done);
		queue->jobs += list_count_nodes(&done);
		if (!list_empty(&done))
			queue->since = jiffies;
		/* What the job wrote is read after the number that says it did. */
		dma_rmb();
	}
	any = !list_empty(&done);
	spin_unlock(&queue->lock);

	mirage_queue_complete(&done, 0);
	if (any)
		wake_up_all(&queue->waiters);

	return any;
}

static bool mirage_queue_fail_locked(struct mirage_queue *queue,
				     const struct mirage_queue_error *error)
{
	lockdep_assert_held(&queue->lock);

	if (queue->error.state != DRM_MIRAGE_QUEUE_READY)
		return false;

	queue->error = *error;
	queue_work(queue->mdev->submit_wq, &queue->stop_work);

	return true;
}

static bool mirage_queue_is_ready(struct mirage_queue *queue)
{
	bool ready;

	spin_lock(&queue->lock);
	ready = queue->error.state == DRM_MIRAGE_QUEUE_READY;
	spin_unlock(&queue->lock);

	return ready;
}

/**
 * mirage_queue_expire() - stop a queue if its oldest job takes too long
 * @queue: queue that was polled, a reference held
 *
 * Context: process; does not sleep.
 * Return: true if this stopped it
 */
bool mirage_queue_expire(struct mirage_queue *queue)
{
	const struct mirage_queue_error timeout = {
		.state = DRM_MIRAGE_QUEUE_TIMEOUT,
		.error = -ETIME,
	};
	bool late;

	spin_lock(&queue->lock);
	late = !list_empty(&queue->in_flight) &&
	       queue->sched.timeout != MAX_SCHEDULE_TIMEOUT &&
	       time_after_eq(jiffies, queue->since + queue->sched.timeout) &&
	       mirage_queue_fail_locked(queue, &timeout);
	spin_unlock(&queue->lock);

	if (late)
		drm_err_ratelimited(&queue->mdev->drm,
				    "%s[%d]: queue %u: a job took longer than %u ms; the queue is stopped\n",
				    mirage_queue_comm(queue), mirage_queue_tgid(queue), queue->id,
				    jiffies_to_msecs(queue->sched.timeout));

	return late;
}

/**
 * mirage_queue_fail() - stop a queue for good
 * @queue: queue; the caller has a reference or holds the xa_lock of mirage_device.queues
 * @error: why; its state is not READY
 *
 * From here on no job starts. The reset, and the end of the jobs that the device has,
 * follow in mirage_queue_quiesce(), which a work does unless the caller does.
 *
 * Context: process; does not sleep.
 * Return: true if this stopped it, false if it had stopped before: @error is forgotten
 */
bool mirage_queue_fail(struct mirage_queue *queue, const struct mirage_queue_error *error)
{
	bool first;

	spin_lock(&queue->lock);
	first = mirage_queue_fail_locked(queue, error);
	spin_unlock(&queue->lock);

	return first;
}

/**
 * mirage_queue_quiesce() - wait until a failed queue's channel is reset, and end its jobs
 * @queue: queue that mirage_queue_fail() was called for
 *
 * Jobs that the device completed before the reset end without an error.
 *
 * Context: process; waits for the device, a bounded time.
 */
void mirage_queue_quiesce(struct mirage_queue *queue)
{
	struct mirage_device *mdev = queue->mdev;
	LIST_HEAD(cancelled);
	bool signalling;
	int error;
	int idx;

	mutex_lock(&queue->stop_lock);
	/* Ready: the kernel's own queue, which was stopped, reset and set going again meanwhile. */
	if (queue->quiet || mirage_queue_is_ready(queue))
		goto unlock;
	signalling = dma_fence_begin_signalling();

	/* When the device has been unplugged it was cut off before, and no channel runs. */
	if (drm_dev_enter(&mdev->drm, &idx)) {
		u64 seqno = mirage_cmdq_chan(mdev, MIRAGE_CMD_CHAN_RESET, queue->chan);

		/* On an error the device has been cut off from memory, which is as good. */
		mirage_cmdq_wait(mdev, seqno, true);
		mirage_queue_poll(queue);
		mirage_usage_account(queue);
		drm_dev_exit(idx);
	}

	spin_lock(&queue->lock);
	mirage_queue_take(queue, U64_MAX, &cancelled);
	error = queue->error.error;
	spin_unlock(&queue->lock);

	mirage_queue_complete(&cancelled, error);
	/* Release: who sees it quiet sees what its jobs wrote. */
	smp_store_release(&queue->quiet, true);
	wake_up_all(&queue->waiters);
	dma_fence_end_signalling(signalling);
unlock:
	mutex_unlock(&queue->stop_lock);
}

static long mirage_queue_timeout(const struct mirage_queue_params *params)
{
	if (params->flags & DRM_MIRAGE_QUEUE_LONG_RUNNING)
		return MAX_SCHEDULE_TIMEOUT;

	return msecs_to_jiffies(params->timeout_ms ?: MIRAGE_QUEUE_TIMEOUT_MS);
}

static int mirage_queue_init_sched(struct mirage_queue *queue,
				   const struct mirage_queue_params *params)
{
	struct drm_gpu_scheduler *sched = &queue->sched;
	const struct drm_sched_init_args args = {
		.ops = &mirage_job_sched_ops,
		.submit_wq = queue->mdev->submit_wq,
		.num_rqs = 1,
		.credit_limit = mirage_queue_ring_words(queue) - MIRAGE_PACKET_FENCE_WORDS,
		.timeout = mirage_queue_timeout(params),
		.timeout_wq = queue->mdev->submit_wq,
		.name = "mirage-queue",
		.dev = queue->mdev->drm.dev,
	};
	int ret;

	ret = drm_sched_init(sched, &args);
	if (ret)
		return ret;

	ret = drm_sched_entity_init(&queue->entity, DRM_SCHED_PRIORITY_KERNEL, &sched, 1, NULL);
	if (ret)
		drm_sched_fini(sched);

	return ret;
}

/* Describe a channel that does not run to the device: it goes on at the oldest job. */
static void mirage_queue_describe(struct mirage_queue *queue)
{
	struct mirage_device *mdev = queue->mdev;
	struct mirage_chan_desc *desc = mirage_queue_desc(queue);
	u64 now = mirage_device_time(mdev);
	struct mirage_job *oldest, *job;

	spin_lock(&queue->lock);
	oldest = list_first_entry_or_null(&queue->in_flight, struct mirage_job, node);
	memset(desc, 0, sizeof(*desc));
	desc->ring = cpu_to_le64(mirage_mem_phys(&queue->mem, 0));
	desc->ring_order = cpu_to_le32(queue->ring_order);
	desc->class = cpu_to_le32(queue->queue_class);
	desc->vm = cpu_to_le32(queue->vm ? queue->vm->id : MIRAGE_VM_NONE);
	desc->priority = cpu_to_le32(queue->priority);
	if (!mirage_queue_may_fault(queue))
		desc->flags = cpu_to_le32(MIRAGE_CHAN_NO_FAULT);
	desc->put = cpu_to_le32(queue->put);
	desc->get = cpu_to_le32(oldest ? oldest->start : queue->put);
	queue->accounted_ns = 0;
	WRITE_ONCE(queue->born_ns, now);
	list_for_each_entry(job, &queue->in_flight, node)
		job->told = true;
	spin_unlock(&queue->lock);
}

static int mirage_queue_check_started(struct mirage_queue *queue)
{
	struct mirage_chan_desc *desc = mirage_queue_desc(queue);
	u32 state = le32_to_cpu(READ_ONCE(desc->state));

	if (state == MIRAGE_CHAN_RUNNING)
		return 0;
	drm_err(&queue->mdev->drm, "channel %u did not start: state %u, error %u\n", queue->chan,
		state, le32_to_cpu(READ_ONCE(desc->error)));
	return -EIO;
}

static int mirage_queue_start(struct mirage_queue *queue)
{
	struct mirage_device *mdev = queue->mdev;
	int ret;

	mirage_queue_describe(queue);
	ret = mirage_cmdq_wait(mdev, mirage_cmdq_chan(mdev, MIRAGE_CMD_CHAN_START, queue->chan),
			       true);
	return ret ?: mirage_queue_check_started(queue);
}

/**
 * mirage_queue_restart() - start the channel of a queue after the device was started
 * @queue: queue
 *
 * Not waited for. A channel that does not start reports an error by itself.
 *
 * Context: process; takes mirage_queue.stop_lock; mirage_reset.lock is held for writing.
 */
void mirage_queue_restart(struct mirage_queue *queue)
{
	/* Who stops it for good resets the channel under this lock: after us, or it is quiet. */
	mutex_lock(&queue->stop_lock);
	if (mirage_queue_is_ready(queue) && !queue->quiet) {
		mirage_usage_account(queue);
		mirage_queue_describe(queue);
		mirage_cmdq_chan(queue->mdev, MIRAGE_CMD_CHAN_START, queue->chan);
	}
	mutex_unlock(&queue->stop_lock);
}

/**
 * mirage_queue_reset() - end a queue whose jobs went down with the device
 * @queue: queue; the device does not run, and will be reset
 *
 * A queue without jobs under way goes on, see mirage_queue_restart(). Jobs that were written when
 * the device did not run any more are not under way. The kernel's own queue goes on in any case: its
 * jobs may be executed twice, and VRAM keeps its content.
 *
 * Context: process; takes mirage_queue.stop_lock; mirage_reset.lock is held for writing.
 */
void mirage_queue_reset(struct mirage_queue *queue)
{
	const struct mirage_queue_error reset = {
		.state = DRM_MIRAGE_QUEUE_RESET,
		.error = -ECANCELED,
	};
	const struct mirage_job *oldest;
	bool innocent;

	mirage_queue_poll(queue);
	spin_lock(&queue->lock);
	oldest = list_first_entry_or_null(&queue->in_flight, struct mirage_job, node);
	innocent = queue->error.state == DRM_MIRAGE_QUEUE_READY &&
		   (!queue->vm || !oldest || !oldest->told);
	spin_unlock(&queue->lock);
	if (innocent)
		return;
	if (mirage_queue_fail(queue, &reset))
		drm_err_ratelimited(&queue->mdev->drm,
				    "%s[%d]: queue %u: a job was under way when the device was reset; the queue is stopped\n",
				    mirage_queue_comm(queue), mirage_queue_tgid(queue), queue->id);
	mirage_queue_quiesce(queue);
}

/* Start the channel for the first time; once it runs the queue is found by its number. */
static int mirage_queue_start_new(struct mirage_queue *queue)
{
	struct mirage_device *mdev = queue->mdev;
	int ret;

	do {
		ret = mirage_reset_enter(mdev);
		if (ret)
			return ret;
		ret = mirage_queue_start(queue);
		/* Cannot fail: the slot is reserved. */
		if (!ret)
			xa_store(&mdev->queues, queue->chan, queue, GFP_KERNEL);
		else
			mirage_cmdq_wait(mdev, mirage_cmdq_chan(mdev, MIRAGE_CMD_CHAN_RESET,
								queue->chan), true);
		mirage_reset_exit(mdev);
		/* -ENODEV: it was stopped meanwhile. It comes back, or the next round tells. */
	} while (ret == -ENODEV);

	return ret;
}

/* Get a channel number and start the channel. On failure nothing is left of it. */
static int mirage_queue_open_channel(struct mirage_queue *queue)
{
	struct mirage_device *mdev = queue->mdev;
	int ret, idx;

	if (!drm_dev_enter(&mdev->drm, &idx))
		return -ENODEV;

	/* Reserved, and not found by anyone, until the channel runs. */
	ret = xa_alloc(&mdev->queues, &queue->chan, NULL,
		       XA_LIMIT(0, mdev->caps.nr_channels - 1), GFP_KERNEL);
	if (ret) {
		drm_dev_exit(idx);
		return ret == -EBUSY ? -ENOSPC : ret;
	}

	ret = mirage_queue_start_new(queue);
	if (ret)
		xa_release(&mdev->queues, queue->chan);
	drm_dev_exit(idx);

	return ret;
}

/* The structure alone, with one reference. */
static struct mirage_queue *mirage_queue_alloc(struct mirage_device *mdev,
					       const struct mirage_queue_params *params)
{
	struct mirage_queue *queue = kzalloc_obj(*queue);

	if (!queue)
		return NULL;

	kref_init(&queue->ref);
	kref_init(&queue->sched_ref);
	queue->mdev = mdev;
	queue->vm = params->vm;
	queue->queue_class = params->queue_class;
	queue->priority = params->priority;
	queue->flags = params->flags;
	queue->ring_order = params->ring_order;
	queue->fence_context = dma_fence_context_alloc(1);
	mutex_init(&queue->exec_lock);
	mutex_init(&queue->stop_lock);
	spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->in_flight);
	init_waitqueue_head(&queue->waiters);
	INIT_WORK(&queue->stop_work, mirage_queue_stop_work);
	INIT_WORK(&queue->end_work, mirage_queue_end_work);
	INIT_RCU_WORK(&queue->free_work, mirage_queue_free_work);

	return queue;
}

/**
 * mirage_queue_create() - make a queue
 * @mdev: device
 * @params: what it shall be; a reference to the address space is taken
 *
 * Context: process, may sleep; waits for the device, a bounded time.
 * Return: the queue with one reference, or an ERR_PTR: -ENOSPC out of channels, -ENODEV the
 * device has gone, -ENOMEM
 */
struct mirage_queue *mirage_queue_create(struct mirage_device *mdev,
					 const struct mirage_queue_params *params)
{
	const struct mirage_queue_error lost = {
		.state = DRM_MIRAGE_QUEUE_LOST,
		.error = -ENODEV,
	};
	struct mirage_queue *queue;
	int ret;

	if (params->vm && !(params->flags & DRM_MIRAGE_QUEUE_NO_FAULT)) {
		ret = mirage_service_prepare(params->vm);
		if (ret)
			return ERR_PTR(ret);
	}

	queue = mirage_queue_alloc(mdev, params);
	if (!queue)
		return ERR_PTR(-ENOMEM);

	ret = mirage_mem_alloc(mdev, &queue->mem, mirage_queue_ring_bytes(queue) + sizeof(__le64));
	if (ret)
		goto err_free;
	ret = mirage_queue_init_sched(queue, params);
	if (ret)
		goto err_mem;
	ret = mirage_queue_open_channel(queue);
	if (ret)
		goto err_sched;

	if (queue->vm)
		mirage_vm_get(queue->vm);
	queue->usage = mirage_usage_get(params->usage);
	drm_dev_get(&mdev->drm);
	atomic_inc(&mirage_queue_count);

	/* Lost while it was made: mirage_queues_lost() may have looked before it was there. */
	if (mirage_device_is_lost(mdev)) {
		mirage_queue_fail(queue, &lost);
		mirage_queue_put(queue);
		return ERR_PTR(-ENODEV);
	}

	return queue;

err_sched:
	drm_sched_entity_fini(&queue->entity);
	drm_sched_fini(&queue->sched);
err_mem:
	mirage_mem_free(mdev, &queue->mem);
err_free:
	mutex_destroy(&queue->exec_lock);
	mutex_destroy(&queue->stop_lock);
	kfree(queue);
	return ERR_PTR(ret);
}

/**
 * mirage_queue_destroy() - stop a queue whose handle has gone
 * @queue: queue; the handle's reference is consumed
 *
 * When it returns the device does nothing for the queue and its jobs' fences have
 * signalled, except those that still wait for another's fence: they signal after it.
 *
 * Context: process; waits for the device, a bounded time.
 */
void mirage_queue_destroy(struct mirage_queue *queue)
{
	const struct mirage_queue_error destroyed = {
		.state = DRM_MIRAGE_QUEUE_LOST,
		.error = -ECANCELED,
	};

	mirage_queue_fail(queue, &destroyed);
	mirage_queue_quiesce(queue);
	mirage_queue_put(queue);
}

static int mirage_queue_start_again(struct mirage_queue *queue)
{
	int ret = 0;

	mutex_lock(&queue->stop_lock);
	if (!queue->quiet)
		goto unlock;	/* another was faster */
	queue->put = 0;
	ret = mirage_queue_start(queue);
	if (ret)
		goto unlock;
	spin_lock(&queue->lock);
	queue->epoch++;
	queue->error = (struct mirage_queue_error){ .state = DRM_MIRAGE_QUEUE_READY };
	spin_unlock(&queue->lock);
	WRITE_ONCE(queue->quiet, false);
unlock:
	mutex_unlock(&queue->stop_lock);

	return ret;
}

/**
 * mirage_queue_revive() - let the kernel's own queue go on after it has stopped
 * @queue: queue without an address space, a reference held
 *
 * Its channel is started anew, with an empty ring. Jobs that were made before are cancelled when
 * their turn comes. Its fences stay on one timeline, which is why it is not made anew: TTM
 * remembers one fence for each context that it has ever seen, and of few contexts.
 *
 * Context: process, may sleep; waits for the device, a bounded time. Takes mirage_queue.stop_lock.
 * Return: 0, also if it had not stopped; -ENODEV the device is gone or lost, -EIO it does not
 * start the channel
 */
int mirage_queue_revive(struct mirage_queue *queue)
{
	int ret = 0;
	int idx;

	if (WARN_ON_ONCE(queue->vm))
		return -EINVAL;
	if (!drm_dev_enter(&queue->mdev->drm, &idx))
		return -ENODEV;

	if (mirage_queue_is_ready(queue))
		goto exit;

	mirage_queue_quiesce(queue);
	do {
		ret = mirage_reset_enter(queue->mdev);
		if (ret)
			break;
		ret = mirage_queue_start_again(queue);
		mirage_reset_exit(queue->mdev);
		/* -ENODEV: as in mirage_queue_start_new(). */
	} while (ret == -ENODEV);
exit:
	drm_dev_exit(idx);

	return ret;
}

/**
 * mirage_queue_query() - tell user space how a queue is
 * @queue: queue
 * @args: all but the handle is filled in
 */
void mirage_queue_query(struct mirage_queue *queue, struct drm_mirage_queue_query *args)
{
	spin_lock(&queue->lock);
	args->state = queue->error.state;
	args->hw_error = queue->error.hw_error;
	args->hw_info = queue->error.hw_info;
	args->hw_addr = queue->error.hw_addr;
	args->jobs = queue->jobs;
	spin_unlock(&queue->lock);
}

/**
 * mirage_queue_module_init() - before any device is probed
 *
 * Return: 0 or -ENOMEM
 */
int mirage_queue_module_init(void)
{
	mirage_queue_free_wq = alloc_workqueue("mirage-free", WQ_UNBOUND, 0);

	return mirage_queue_free_wq ? 0 : -ENOMEM;
}

/**
 * mirage_queue_module_exit() - after the last device has gone
 *
 * Waits for schedulers whose last jobs depend on fences of others. Those are finite.
 */
void mirage_queue_module_exit(void)
{
	wait_event(mirage_queue_none, !atomic_read(&mirage_queue_count));
	destroy_workqueue(mirage_queue_free_wq);
}
