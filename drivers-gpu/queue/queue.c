// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Queues
 *
 * A queue is one channel of the device with a ring in system memory and its own scheduler. It is
 * ready, or it has stopped for good. A stopped queue is never restarted, because later jobs cannot
 * know what the stopped ones have done to memory. The submitter creates a new one.
 *
 * Stopping has two halves, because the contexts that find the reason (fault service, event
 * interrupt, loss of the device) often must not wait:
 *
 *   mirage_queue_fail()     records the reason; only the first one is kept. No job starts
 *                           from here on.
 *   mirage_queue_quiesce()  resets the channel, waits until the device makes no further
 *                           access for it, and only then signals the fences of
 *                           the jobs it had. A fence thus never signals while its
 *                           job can still write memory.
 *
 * A queue's life::
 *
 *                QUEUE_CREATE: CHAN_START is answered
 *                               |
 *                               v
 *                        +-------------+   reset of the device, which has begun none of its
 *        .-------------->|    READY    |---. jobs in flight: the channel is restarted
 *        |               +-------------+<--'
 *        |                      |
 *        |                      |   mirage_queue_fail(): the first reason stays, no job starts any
 *        |                      |   more
 *        |                      |
 *        |   +----------+-------+---+-----------+-----------+
 *        |   v          v           v           v           v
 *        | FAULTED     ERROR     TIMEOUT      RESET       LOST
 *        | an access   packet,   the oldest   a job was   the device has gone, the process
 *        | could not   program,  job had its  begun at a  has gone, or the queue was
 *        | be served   or HUNG   time         reset, or   destroyed
 *        |   |          |           |         its context   |
 *        |   |          |           |         was lost      |
 *        |   |          |           |           |           |
 *        |   +----------+-------+---+-----------+-----------+
 *        |                      |
 *        |                      |   mirage_queue_quiesce(): CHAN_RESET is answered, or the device
 *        |                      |   is blocked from DMA; then the fences of jobs in flight signal
 *        |                      v
 *        |               +-------------+
 *        '---------------|    quiet    |   QUEUE_QUERY still tells the reason
 *   the kernel's own     +-------------+
 *   queue only:                 |   last reference: queue_end()
 *   mirage_queue_revive()       v
 *                     the channel number is free; jobs that wait for other
 *                     fences are cancelled when their turn comes
 *                               |   last job has gone
 *                               v
 *                     the scheduler and the structure are freed
 *
 * The kernel's own queue is the exception in a reset, too: its channel is restarted until the
 * device has begun the oldest job QUEUE_KERNEL_STARTS times (queue/reset.c).
 *
 * If the device does not answer the reset it has its DMA blocked (device/state.c), which gives
 * the same guarantee. queue/stop.c stops queues, queue/start.c starts channels, queue/error.c reads
 * the device's reports, and queue/channel.c finds the queue of a channel.
 *
 * A channel number is freed after the reset. The fault buffer may still hold entries of the
 * channel's old owner; their timestamps tell them from the new owner's. Events need no such care:
 * on a FENCE event the driver checks a fence slot, on an ERROR event the descriptor's state, and by
 * then both belong to the new owner.
 *
 * Rejected: stopping the scheduler (drm_sched_stop) and restarting it without the bad job, as
 * drivers with shared rings do. A ring here belongs to one submitter, whose jobs behind the bad one
 * depend on its result.
 */
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/wait_bit.h>
#include <linux/xarray.h>

#include <drm/drm_drv.h>

#include <hw/queues.h>

#include "device/device.h"
#include "device/power.h"
#include "device/quota.h"
#include "device/state.h"
#include "mmu/vm.h"
#include "queue/job.h"
#include "queue/packet.h"
#include "queue/queue.h"
#include "queue/usage.h"

#define MIRAGE_QUEUE_TIMEOUT_MS	10000

/*
 * Frees schedulers. Owned by the module, not by a device: freeing the last scheduler may drop the
 * last reference to the device structure, and so destroy all its workqueues.
 */
static struct workqueue_struct *mirage_queue_free_wq;
/* Number of live schedulers; module exit waits for 0. */
static atomic_t mirage_queue_count = ATOMIC_INIT(0);

/**
 * mirage_queue_comm() - name of the process that created a queue, for reports
 * @queue: queue, a reference held
 */
const char *mirage_queue_comm(const struct mirage_queue *queue)
{
	return queue->vm ? queue->vm->comm : "kernel";
}

/**
 * mirage_queue_tgid() - process that created a queue, for reports
 * @queue: queue, a reference held
 */
pid_t mirage_queue_tgid(const struct mirage_queue *queue)
{
	return queue->vm ? queue->vm->tgid : 0;
}

static void queue_free_work(struct work_struct *work)
{
	struct mirage_queue *queue =
		container_of(to_rcu_work(work), struct mirage_queue, free_work);

	drm_sched_entity_fini(&queue->entity);
	drm_sched_fini(&queue->sched);
	drm_dev_put(&queue->mdev->drm);
	mutex_destroy(&queue->exec_lock);
	mutex_destroy(&queue->stop_lock);
	kvfree(queue->context.data);
	kfree_rcu(queue, rcu);

	atomic_dec_and_wake_up(&mirage_queue_count);
}

static void queue_release_sched(struct kref *kref)
{
	struct mirage_queue *queue = container_of(kref, struct mirage_queue, sched_ref);

	queue_rcu_work(mirage_queue_free_wq, &queue->free_work);
}

/**
 * mirage_queue_get_sched() - take a reference to the scheduler
 * @queue: queue that the caller has some reference to
 */
void mirage_queue_get_sched(struct mirage_queue *queue)
{
	kref_get(&queue->sched_ref);
}

/**
 * mirage_queue_put_sched() - drop a reference to the scheduler
 * @queue: queue
 *
 * Context: any; may be called from the scheduler's own works.
 */
void mirage_queue_put_sched(struct mirage_queue *queue)
{
	kref_put(&queue->sched_ref, queue_release_sched);
}

static void queue_end(struct mirage_queue *queue)
{
	const struct mirage_queue_error gone = {
		.state = DRM_MIRAGE_QUEUE_LOST,
		.error = -ECANCELED,
	};

	mirage_queue_fail(queue, &gone);
	mirage_queue_quiesce(queue);

	/*
	 * After this the queue cannot be found by its channel, so its stop work is not queued any
	 * more.
	 */
	xa_erase(&queue->mdev->queues, queue->chan);
	cancel_work_sync(&queue->stop_work);

	/*
	 * Jobs that wait for foreign fences stay with the scheduler, and run_job() cancels them
	 * when their turn comes. Not drm_sched_entity_kill(): it waits for the same fences, and
	 * then sets the jobs' error to -ESRCH, which would be misleading.
	 */
	mirage_mem_free(queue->mdev, &queue->mem);
	if (queue->user)
		mirage_quota_give(queue->mdev, queue->user, MIRAGE_QUOTA_QUEUES);
	if (queue->vm) {
		mirage_vm_drop_submissions(queue->vm, queue);
		mirage_vm_put(queue->vm);
	}
	mirage_usage_put(queue->usage);
	mirage_queue_put_sched(queue);
}

static void queue_release(struct kref *kref)
{
	queue_end(container_of(kref, struct mirage_queue, ref));
}

static void queue_end_work(struct work_struct *work)
{
	queue_end(container_of(work, struct mirage_queue, end_work));
}

static void queue_release_later(struct kref *kref)
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
	kref_put(&queue->ref, queue_release);
}

/**
 * mirage_queue_put_later() - drop a reference in the signalling path of a fence
 * @queue: queue
 *
 * Dropping the last one ends an address space, which waits for mm; a work does that here.
 *
 * Context: any.
 */
void mirage_queue_put_later(struct mirage_queue *queue)
{
	kref_put(&queue->ref, queue_release_later);
}

static long queue_timeout(const struct mirage_queue_params *params)
{
	if (params->flags & DRM_MIRAGE_QUEUE_LONG_RUNNING)
		return MAX_SCHEDULE_TIMEOUT;

	return msecs_to_jiffies(params->timeout_ms ?: MIRAGE_QUEUE_TIMEOUT_MS);
}

static int queue_init_sched(struct mirage_queue *queue,
			    const struct mirage_queue_params *params)
{
	struct drm_gpu_scheduler *sched = &queue->sched;
	const struct drm_sched_init_args args = {
		.ops = &mirage_job_sched_ops,
		.submit_wq = queue->mdev->submit_wq,
		.num_rqs = 1,
		.credit_limit = mirage_queue_ring_words(queue) - MIRAGE_PACKET_FENCE_WORDS,
		.timeout = queue_timeout(params),
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

/* Get a channel number and start the channel. On failure nothing is left of it. */
static int queue_open_channel(struct mirage_queue *queue)
{
	struct mirage_device *mdev = queue->mdev;
	int ret, idx;

	/* A suspend must find every running channel, to save its context. */
	ret = mirage_power_enter(mdev);
	if (ret)
		return ret;
	if (!drm_dev_enter(&mdev->drm, &idx)) {
		ret = -ENODEV;
		goto exit_power;
	}

	/* The number is reserved; the queue is not visible until the channel runs. */
	ret = xa_alloc(&mdev->queues, &queue->chan, NULL,
		       XA_LIMIT(0, mdev->caps.nr_channels - 1), GFP_KERNEL);
	if (ret) {
		ret = ret == -EBUSY ? -ENOSPC : ret;
		goto exit_dev;
	}

	ret = mirage_queue_start_new(queue);
	if (ret)
		xa_release(&mdev->queues, queue->chan);
exit_dev:
	drm_dev_exit(idx);
exit_power:
	mirage_power_exit(mdev);

	return ret;
}

/* The kernel's own queue is not charged to a user. */
static int queue_take_share(struct mirage_queue *queue)
{
	struct mirage_quota_user *user;

	if (!queue->vm)
		return 0;
	user = mirage_quota_take(queue->mdev, MIRAGE_QUOTA_QUEUES);
	if (IS_ERR(user))
		return PTR_ERR(user);
	queue->user = user;

	return 0;
}

/* Allocate the structure only, with one reference. */
static struct mirage_queue *queue_alloc(struct mirage_device *mdev,
					const struct mirage_queue_params *params)
{
	struct mirage_queue *queue = kzalloc_obj(*queue, GFP_KERNEL_ACCOUNT);

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
	INIT_WORK(&queue->end_work, queue_end_work);
	INIT_RCU_WORK(&queue->free_work, queue_free_work);

	return queue;
}

/* Everything that can fail, the running channel last. On failure nothing is left of it. */
static int queue_set_up(struct mirage_queue *queue, const struct mirage_queue_params *params)
{
	struct mirage_device *mdev = queue->mdev;
	int ret;

	ret = queue_take_share(queue);
	if (ret)
		return ret;
	ret = mirage_mem_alloc(mdev, &queue->mem, mirage_queue_ring_bytes(queue) + sizeof(__le64));
	if (ret)
		goto err_share;
	ret = queue_init_sched(queue, params);
	if (ret)
		goto err_mem;
	ret = queue_open_channel(queue);
	if (ret)
		goto err_sched;

	return 0;

err_sched:
	drm_sched_entity_fini(&queue->entity);
	drm_sched_fini(&queue->sched);
err_mem:
	mirage_mem_free(mdev, &queue->mem);
err_share:
	if (queue->user)
		mirage_quota_give(mdev, queue->user, MIRAGE_QUOTA_QUEUES);
	return ret;
}

/**
 * mirage_queue_create() - create a queue
 * @mdev: device
 * @params: parameters; takes a reference to the address space
 *
 * Context: process, may sleep; waits for the device, a bounded time, and until it is awake.
 * Return: the queue with one reference, or an ERR_PTR: -EDQUOT the user's share of channels is used
 * up, -ENOSPC out of channels, -ENODEV the device has gone, -ENOMEM, -ERESTARTSYS
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

	queue = queue_alloc(mdev, params);
	if (!queue)
		return ERR_PTR(-ENOMEM);

	ret = queue_set_up(queue, params);
	if (ret) {
		mutex_destroy(&queue->exec_lock);
		mutex_destroy(&queue->stop_lock);
		kfree(queue);
		return ERR_PTR(ret);
	}

	if (queue->vm)
		mirage_vm_get(queue->vm);
	queue->usage = mirage_usage_get(params->usage);
	drm_dev_get(&mdev->drm);
	atomic_inc(&mirage_queue_count);

	/* If the device was wedged meanwhile, mirage_queues_wedge() may have missed this queue. */
	if (mirage_device_is_wedged(mdev)) {
		mirage_queue_fail(queue, &lost);
		mirage_queue_put(queue);
		return ERR_PTR(-ENODEV);
	}

	return queue;
}

/**
 * mirage_queue_destroy() - stop a queue whose handle was destroyed
 * @queue: queue; the handle's reference is consumed
 *
 * When it returns, the device does no more work for the queue, and its jobs' fences have signalled.
 * Jobs that still wait for a foreign fence are the exception: theirs signal after it.
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

/**
 * mirage_queue_query() - report a queue's state to user space
 * @queue: queue
 * @args: filled in, except the handle
 */
void mirage_queue_query(struct mirage_queue *queue, struct drm_mirage_queue_query *args)
{
	spin_lock(&queue->lock);
	args->state = queue->error.state;
	args->hw_error = queue->error.hw_error;
	args->hw_info = queue->error.hw_info;
	args->hw_addr = queue->error.hw_addr;
	args->jobs = queue->jobs;
	mirage_place_read(&queue->error.place, &args->place);
	args->fault = queue->error.fault;
	spin_unlock(&queue->lock);
}

/**
 * mirage_queue_module_init() - set up, before any device is probed
 *
 * Return: 0 or -ENOMEM
 */
int mirage_queue_module_init(void)
{
	mirage_queue_free_wq = alloc_workqueue("mirage-free", WQ_UNBOUND, 0);

	return mirage_queue_free_wq ? 0 : -ENOMEM;
}

/**
 * mirage_queue_module_exit() - clean up, after the last device has gone
 *
 * Waits for schedulers whose last jobs depend on foreign fences. Those signal in finite time.
 */
void mirage_queue_module_exit(void)
{
	wait_var_event(&mirage_queue_count, !atomic_read(&mirage_queue_count));
	destroy_workqueue(mirage_queue_free_wq);
}
