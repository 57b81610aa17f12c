// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Context save and restore
 *
 * Before the device loses power, all its channels are stopped wherever they are: between two
 * packets, in the middle of a copy, in a kernel, or waiting for a page. For each channel in the
 * middle of a job, the device saves its context (CHAN_SAVE); when power is back it restores the
 * context (CHAN_RESTORE) and continues. Suspend neither waits for nor discards jobs: a job that
 * depends on its process, or that has no time limit, would not finish while the process is frozen.
 *
 * A channel without a running job needs only its descriptor, which is in system memory. Jobs that
 * schedulers push into a ring meanwhile run when the channel starts again.
 *
 * The device writes to one bounce buffer, large enough for any context, and the driver copies each
 * context from there. So the only large contiguous allocation is made at probe, when such memory is
 * available. The format of a context is private to the device; but the part that the device did not
 * write is still zero, and is not saved.
 *
 * Rejected: waiting for the jobs of queues that have a time limit. The suspend would take as long
 * as the longest job, and a job that waits for its process would be stopped without fault of its
 * own.
 */
#include "recovery/context.h"

#include <linux/dma-fence.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include <drm/drm_print.h>

#include "device/cmdq.h"
#include "device/device.h"
#include "device/engine.h"
#include "device/shared.h"
#include "device/state.h"
#include "queue/queue.h"

static u32 context_chan_state(const struct mirage_queue *queue)
{
	return mirage_shared_read32(&queue->mdev->chans[queue->chan].state);
}

/* May the channel run? stop_lock, which is held, excludes its reset. */
static bool context_is_live(struct mirage_queue *queue)
{
	bool ready;

	lockdep_assert_held(&queue->stop_lock);

	spin_lock(&queue->lock);
	ready = queue->error.state == DRM_MIRAGE_QUEUE_READY;
	spin_unlock(&queue->lock);
	return ready && !queue->quiet;
}

static bool context_has_begun(struct mirage_queue *queue)
{
	bool begun;

	spin_lock(&queue->lock);
	begun = !list_empty(&queue->in_flight);
	spin_unlock(&queue->lock);
	return begun;
}

/* Post the stop; do not wait for it. */
static void context_stop(struct mirage_queue *queue)
{
	mutex_lock(&queue->stop_lock);
	if (context_is_live(queue)) {
		mirage_cmdq_chan(queue->mdev, MIRAGE_CMD_CHAN_STOP, queue->chan);
		WRITE_ONCE(queue->context.state, MIRAGE_CONTEXT_STOPPED);
	}
	mutex_unlock(&queue->stop_lock);
}

/* Let the device write its context to the bounce buffer; 0 if it has none. */
static int context_save(struct mirage_queue *queue)
{
	struct mirage_device *mdev = queue->mdev;
	struct mirage_mem *bounce = &mdev->context_save.bounce;
	int ret = 0;

	memset(bounce->cpu, 0, bounce->size);
	mutex_lock(&queue->stop_lock);
	/* In state ERROR it has stopped by itself; an event reports that. */
	if (queue->context.state == MIRAGE_CONTEXT_STOPPED && context_is_live(queue) &&
	    context_chan_state(queue) == MIRAGE_CHAN_STOPPED) {
		ret = mirage_cmdq_wait(mdev, mirage_cmdq_context(mdev, MIRAGE_CMD_CHAN_SAVE,
								 queue->chan, bounce), true);
		if (!ret && *(u64 *)bounce->cpu) {
			WRITE_ONCE(queue->context.state, MIRAGE_CONTEXT_SAVED);
			ret = 1;
		}
	}
	mutex_unlock(&queue->stop_lock);
	return ret;
}

/* Restore the context in the bounce buffer, and start the channel. */
static int context_load(struct mirage_queue *queue)
{
	struct mirage_device *mdev = queue->mdev;
	int ret;

	lockdep_assert_held(&queue->stop_lock);

	ret = mirage_cmdq_wait(mdev, mirage_cmdq_context(mdev, MIRAGE_CMD_CHAN_RESTORE, queue->chan,
							 &mdev->context_save.bounce), true);
	if (!ret && context_chan_state(queue) != MIRAGE_CHAN_STOPPED)
		ret = -EIO;
	if (!ret)
		mirage_cmdq_chan(mdev, MIRAGE_CMD_CHAN_START, queue->chan);
	WRITE_ONCE(queue->context.state, MIRAGE_CONTEXT_NONE);
	return ret;
}

/* Bytes up to the last nonzero word. */
static size_t context_size(const struct mirage_mem *bounce)
{
	const u64 *words = bounce->cpu;
	size_t n = bounce->size / sizeof(*words);

	while (n && !words[n - 1])
		n--;
	return n * sizeof(*words);
}

static int context_keep(struct mirage_queue *queue)
{
	const struct mirage_mem *bounce = &queue->mdev->context_save.bounce;
	size_t size = context_size(bounce);
	void *context;

	context = kvmalloc(size, GFP_KERNEL | __GFP_NOWARN);
	if (!context) {
		mutex_lock(&queue->stop_lock);
		if (context_is_live(queue))
			context_load(queue);
		mutex_unlock(&queue->stop_lock);
		return -ENOMEM;
	}
	memcpy(context, bounce->cpu, size);
	queue->context.data = context;
	queue->context.size = size;
	return 0;
}

/**
 * mirage_contexts_init() - allocate the memory for saving contexts
 * @mdev: device, identified
 *
 * devm frees it when the driver unbinds.
 *
 * Context: probe.
 * Return: 0 or -ENOMEM
 */
int mirage_contexts_init(struct mirage_device *mdev)
{
	return mirage_mem_alloc(mdev, &mdev->context_save.bounce, mdev->caps.max_context);
}

/* Save the contexts of the jobs that have begun. All channels have stopped. */
static int contexts_save_begun(struct mirage_device *mdev)
{
	struct mirage_queue *queue;
	int ret;

	mirage_for_each_queue(mdev, queue) {
		/* Jobs that it completed before it stopped are not in progress. */
		mirage_queue_poll(queue);
		if (!context_has_begun(queue))
			continue;
		ret = context_save(queue);
		if (ret > 0)
			ret = context_keep(queue);
		if (ret) {
			mirage_queue_put_later(queue);
			return ret;
		}
	}
	return 0;
}

/**
 * mirage_contexts_save() - stop all channels, and save their contexts
 * @mdev: device, which may be stopped, but is not started while this runs
 *
 * If the device stops answering meanwhile, queues with a running job are ended as in a reset, and
 * the others keep their jobs; that counts as success.
 *
 * Context: process, may sleep and allocate; waits for the device, a bounded time.
 * Return: 0; or -ENOMEM: call mirage_contexts_restore(). After either, mirage_contexts_fini().
 */
int mirage_contexts_save(struct mirage_device *mdev)
{
	struct mirage_queue *queue;
	int ret;

	mirage_for_each_queue(mdev, queue)
		context_stop(queue);
	/* Commands take effect in order: once this one has, all channels have stopped. */
	ret = mirage_engine_wait(mdev, mirage_cmdq_invalidate_all(mdev, 0));
	if (!ret)
		ret = contexts_save_begun(mdev);
	if (ret != -ENODEV)
		return ret;

	mirage_for_each_queue(mdev, queue) {
		if (queue->context.state != MIRAGE_CONTEXT_SAVED)
			mirage_queue_reset(queue);
	}
	return 0;
}

static void context_fail(struct mirage_queue *queue)
{
	const struct mirage_queue_error reset = {
		.state = DRM_MIRAGE_QUEUE_RESET,
		.error = -ECANCELED,
	};

	if (mirage_queue_fail(queue, &reset))
		drm_err(&queue->mdev->drm,
			"%s[%d]: queue %u: the device does not take back what was under way; the queue is stopped\n",
			mirage_queue_comm(queue), mirage_queue_tgid(queue), queue->id);
}

/* True if the channel continues from where it was. */
static bool context_resume(struct mirage_queue *queue, bool restarted)
{
	const struct mirage_mem *bounce = &queue->mdev->context_save.bounce;
	struct mirage_context *context = &queue->context;
	bool goes_on = false;
	int ret = 0;

	/* The time suspended is not charged to the job. Before its clock runs again. */
	spin_lock(&queue->lock);
	mirage_charge_begin(queue);
	spin_unlock(&queue->lock);

	mutex_lock(&queue->stop_lock);
	if (context_is_live(queue) && context->state == MIRAGE_CONTEXT_SAVED) {
		memset(bounce->cpu, 0, bounce->size);
		memcpy(bounce->cpu, context->data, context->size);
		ret = context_load(queue);
		goes_on = true;
	} else if (context_is_live(queue) && context->state == MIRAGE_CONTEXT_STOPPED &&
		   !restarted) {
		mirage_cmdq_chan(queue->mdev, MIRAGE_CMD_CHAN_START, queue->chan);
		goes_on = true;
	}
	WRITE_ONCE(context->state, MIRAGE_CONTEXT_NONE);
	mutex_unlock(&queue->stop_lock);

	if (ret)
		context_fail(queue);
	return goes_on;
}

/**
 * mirage_contexts_restore() - let all channels continue
 * @mdev: device, running; after mirage_contexts_save(), whether that succeeded or not
 * @restarted: it was started anew, and has lost all channels
 *
 * Context: process, may sleep; waits for the device, a bounded time; allocates and frees nothing:
 * mirage_reset.lock is held for writing.
 */
void mirage_contexts_restore(struct mirage_device *mdev, bool restarted)
{
	struct mirage_queue *queue;

	mirage_for_each_queue(mdev, queue) {
		if (!context_resume(queue, restarted) && restarted)
			mirage_queue_restart(queue);
	}
}

/**
 * mirage_contexts_fini() - end a save, and free the saved contexts
 * @mdev: device; if it does not run a reset starts the channels, or it is wedged
 *
 * Context: process, may sleep; takes mirage_queue.stop_lock.
 */
void mirage_contexts_fini(struct mirage_device *mdev)
{
	struct mirage_queue *queue;

	mirage_for_each_queue(mdev, queue) {
		mutex_lock(&queue->stop_lock);
		WRITE_ONCE(queue->context.state, MIRAGE_CONTEXT_NONE);
		mutex_unlock(&queue->stop_lock);
		kvfree(queue->context.data);
		queue->context.data = NULL;
	}
}
