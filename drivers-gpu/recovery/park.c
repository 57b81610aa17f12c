// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Parked queues
 *
 * Before the device loses power all its channels are stopped, wherever they are: between two
 * packets, in the middle of a copy, in a kernel, or waiting for a page. Of those that have
 * begun something the device writes down what it keeps (CHAN_SAVE), and when power is back it reads
 * that again (CHAN_RESTORE) and goes on. Nobody's job is waited for, and nobody's job is lost: one
 * that needs the processor's help, or has no time limit, would be waited for in vain
 * while its process is frozen.
 *
 * Channels without a job under way need nothing but their descriptor, which is in our memory; and what
 * schedulers push into a ring meanwhile is found there when the channel starts again.
 *
 * The device writes to one piece of memory, large enough for any context, and each context is
 * copied from there: so the one allocation that is large and contiguous is made once, at probe, when
 * there is such memory. The format is the device's own; but memory that it did not write to is still
 * zero, and is not kept.
 *
 * Rejected: waiting for the jobs of queues that have a time limit. The suspend would take as long as
 * the longest of them, and a job that waits for its process would be stopped though it did nothing wrong.
 */
#include "recovery/park.h"

#include <linux/dma-fence.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include <drm/drm_print.h>

#include "device/cmdq.h"
#include "device/device.h"
#include "device/engine.h"
#include "device/state.h"
#include "queue/queue.h"

static u32 park_chan_state(const struct mirage_queue *queue)
{
	return le32_to_cpu(READ_ONCE(queue->mdev->chans[queue->chan].state));
}

/* May the channel run? Nobody resets it while stop_lock is held. */
static bool park_is_live(struct mirage_queue *queue)
{
	bool ready;

	lockdep_assert_held(&queue->stop_lock);

	spin_lock(&queue->lock);
	ready = queue->error.state == DRM_MIRAGE_QUEUE_READY;
	spin_unlock(&queue->lock);
	return ready && !queue->quiet;
}

static bool park_has_begun(struct mirage_queue *queue)
{
	bool begun;

	spin_lock(&queue->lock);
	begun = !list_empty(&queue->in_flight);
	spin_unlock(&queue->lock);
	return begun;
}

/* Not waited for. */
static void park_stop(struct mirage_queue *queue)
{
	mutex_lock(&queue->stop_lock);
	if (park_is_live(queue)) {
		mirage_cmdq_chan(queue->mdev, MIRAGE_CMD_CHAN_STOP, queue->chan);
		WRITE_ONCE(queue->park.state, MIRAGE_PARK_STOPPED);
	}
	mutex_unlock(&queue->stop_lock);
}

/* Have the device write its context to the bounce buffer; 0 there was none to write. */
static int park_save(struct mirage_queue *queue)
{
	struct mirage_device *mdev = queue->mdev;
	struct mirage_mem *bounce = &mdev->parking.bounce;
	int ret = 0;

	memset(bounce->cpu, 0, bounce->size);
	mutex_lock(&queue->stop_lock);
	/* In state ERROR it has stopped by itself, and an event tells so. */
	if (queue->park.state == MIRAGE_PARK_STOPPED && park_is_live(queue) &&
	    park_chan_state(queue) == MIRAGE_CHAN_STOPPED) {
		ret = mirage_cmdq_wait(mdev, mirage_cmdq_context(mdev, MIRAGE_CMD_CHAN_SAVE,
								 queue->chan, bounce), true);
		if (!ret && *(u64 *)bounce->cpu) {
			WRITE_ONCE(queue->park.state, MIRAGE_PARK_SAVED);
			ret = 1;
		}
	}
	mutex_unlock(&queue->stop_lock);
	return ret;
}

/* Give a context that lies in the bounce buffer back to the device, and let it go on. */
static int park_load(struct mirage_queue *queue)
{
	struct mirage_device *mdev = queue->mdev;
	int ret;

	lockdep_assert_held(&queue->stop_lock);

	ret = mirage_cmdq_wait(mdev, mirage_cmdq_context(mdev, MIRAGE_CMD_CHAN_RESTORE, queue->chan,
							 &mdev->parking.bounce), true);
	if (!ret && park_chan_state(queue) != MIRAGE_CHAN_STOPPED)
		ret = -EIO;
	if (!ret)
		mirage_cmdq_chan(mdev, MIRAGE_CMD_CHAN_START, queue->chan);
	WRITE_ONCE(queue->park.state, MIRAGE_PARK_NONE);
	return ret;
}

/* Bytes up to the last that is not zero, in whole words. */
static size_t park_context_size(const struct mirage_mem *bounce)
{
	const u64 *words = bounce->cpu;
	size_t n = bounce->size / sizeof(*words);

	while (n && !words[n - 1])
		n--;
	return n * sizeof(*words);
}

static int park_keep(struct mirage_queue *queue)
{
	const struct mirage_mem *bounce = &queue->mdev->parking.bounce;
	size_t size = park_context_size(bounce);
	void *context;

	context = kvmalloc(size, GFP_KERNEL | __GFP_NOWARN);
	if (!context) {
		mutex_lock(&queue->stop_lock);
		if (park_is_live(queue))
			park_load(queue);
		mutex_unlock(&queue->stop_lock);
		return -ENOMEM;
	}
	memcpy(context, bounce->cpu, size);
	queue->park.context = context;
	queue->park.size = size;
	return 0;
}

/**
 * mirage_queues_park_init() - have memory for what it takes to park queues
 * @mdev: device, identified
 *
 * It goes back when the driver leaves the device.
 *
 * Context: probe.
 * Return: 0 or -ENOMEM
 */
int mirage_queues_park_init(struct mirage_device *mdev)
{
	return mirage_mem_alloc(mdev, &mdev->parking.bounce, mdev->caps.max_context);
}

/**
 * mirage_queues_park() - stop all channels, and keep what they have begun
 * @mdev: device, which may be stopped, but is not started while this runs
 *
 * When the device stops answering meanwhile, the queues that had something under way are ended as
 * by a reset, and the others are parked: that is a success.
 *
 * Context: process, may sleep and allocate; waits for the device, a bounded time.
 * Return: 0; or -ENOMEM: call mirage_queues_unpark(). After either, mirage_queues_park_fini().
 */
int mirage_queues_park(struct mirage_device *mdev)
{
	struct mirage_queue *queue;
	unsigned long chan;
	int ret;

	mirage_for_each_queue(mdev, chan, queue) {
		park_stop(queue);
		mirage_queue_put_later(queue);
	}
	/* Commands take effect in order: with this all have stopped. */
	ret = mirage_engine_wait(mdev, mirage_cmdq_invalidate_all(mdev, 0));

	xa_for_each(&mdev->queues, chan, queue) {
		if (ret)
			break;
		queue = mirage_queue_by_channel(mdev, chan);
		if (!queue)
			continue;
		/* What it completed before it stopped is not under way. */
		mirage_queue_poll(queue);
		if (park_has_begun(queue))
			ret = park_save(queue);
		if (ret > 0)
			ret = park_keep(queue);
		mirage_queue_put_later(queue);
	}
	if (ret != -ENODEV)
		return ret;

	mirage_for_each_queue(mdev, chan, queue) {
		if (queue->park.state != MIRAGE_PARK_SAVED)
			mirage_queue_reset(queue);
		mirage_queue_put_later(queue);
	}
	return 0;
}

static void park_fail(struct mirage_queue *queue)
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

/* True if the channel goes on from where it was. */
static bool park_end(struct mirage_queue *queue, bool restarted)
{
	const struct mirage_mem *bounce = &queue->mdev->parking.bounce;
	struct mirage_park *park = &queue->park;
	bool goes_on = false;
	int ret = 0;

	/* The time that the device slept is not the job's. Before it counts again. */
	spin_lock(&queue->lock);
	mirage_charge_begin(queue);
	spin_unlock(&queue->lock);

	mutex_lock(&queue->stop_lock);
	if (park_is_live(queue) && park->state == MIRAGE_PARK_SAVED) {
		memset(bounce->cpu, 0, bounce->size);
		memcpy(bounce->cpu, park->context, park->size);
		ret = park_load(queue);
		goes_on = true;
	} else if (park_is_live(queue) && park->state == MIRAGE_PARK_STOPPED && !restarted) {
		mirage_cmdq_chan(queue->mdev, MIRAGE_CMD_CHAN_START, queue->chan);
		goes_on = true;
	}
	WRITE_ONCE(park->state, MIRAGE_PARK_NONE);
	mutex_unlock(&queue->stop_lock);

	if (ret)
		park_fail(queue);
	return goes_on;
}

/**
 * mirage_queues_unpark() - let all channels go on
 * @mdev: device, which runs; after mirage_queues_park(), whatever that returned
 * @restarted: it was started anew, and knows nothing of any channel
 *
 * Context: process, may sleep; waits for the device, a bounded time; allocates and frees nothing:
 * mirage_reset.lock is held for writing.
 */
void mirage_queues_unpark(struct mirage_device *mdev, bool restarted)
{
	struct mirage_queue *queue;
	unsigned long chan;

	mirage_for_each_queue(mdev, chan, queue) {
		if (!park_end(queue, restarted) && restarted)
			mirage_queue_restart(queue);
		mirage_queue_put_later(queue);
	}
}

/**
 * mirage_queues_park_fini() - queues are parked no more, and what was kept of them goes
 * @mdev: device; if it does not run a reset starts the channels, or it is lost
 *
 * Context: process, may sleep; takes mirage_queue.stop_lock.
 */
void mirage_queues_park_fini(struct mirage_device *mdev)
{
	struct mirage_queue *queue;
	unsigned long chan;

	mirage_for_each_queue(mdev, chan, queue) {
		mutex_lock(&queue->stop_lock);
		WRITE_ONCE(queue->park.state, MIRAGE_PARK_NONE);
		mutex_unlock(&queue->stop_lock);
		kvfree(queue->park.context);
		queue->park.context = NULL;
		mirage_queue_put_later(queue);
	}
}
