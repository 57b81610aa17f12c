// SPDX-License-Identifier: GPL-2.0
/*
 * Jobs that exceed their time limit, and whether they are to blame.
 *
 * While one channel hangs, the jobs of all others stand still, and one of those may be the first to
 * exceed its limit. So before a late job is punished, the channel that has the turn is asked to
 * yield, which a working channel does between any two instructions. A channel that does not yield
 * is to blame.
 *
 * Rejected: detecting the hanging channel from run_ns or from the turn alone. A legitimate long
 * kernel has the turn most of the time, too.
 */
#include <linux/atomic.h>
#include <linux/jiffies.h>

#include <drm/drm_print.h>

#include "device/cmdq.h"
#include "device/device.h"
#include "device/engine.h"
#include "device/regs.h"
#include "device/state.h"
#include "queue/coredump.h"
#include "queue/queue.h"

/* Minimum interval between checks of the engine on behalf of jobs that wait for their turn. */
#define QUEUE_ASK_MS		250

/*
 * Stop and restart the channel that has the turn. True if it had to be taken off the engine: there
 * have been engine resets since @before, made here or by another caller that this waited for.
 */
static bool late_try(struct mirage_queue *running, int before)
{
	struct mirage_device *mdev = running->mdev;
	bool stopped = false;
	bool hung;

	/*
	 * stop_lock excludes a reset of the channel between the two commands, after which start
	 * would be wrong.
	 */
	mutex_lock(&running->stop_lock);
	/* A channel that a suspend has stopped must stay stopped until resume. */
	if (!running->quiet && running->context.state == MIRAGE_CONTEXT_NONE) {
		mirage_engine_wait(mdev, mirage_cmdq_chan(mdev, MIRAGE_CMD_CHAN_STOP,
							   running->chan));
		stopped = true;
	}
	hung = !mirage_device_is_running(mdev) ||
	       atomic_read(&mdev->reset.engine_resets) != before;
	if (stopped && !hung)
		mirage_cmdq_chan(mdev, MIRAGE_CMD_CHAN_START, running->chan);
	mutex_unlock(&running->stop_lock);
	return hung;
}

/*
 * Is the job late because another channel hangs? If so, that channel has been taken off the engine
 * when this returns, after at most about 2 seconds.
 */
static bool late_blames_other(struct mirage_queue *queue)
{
	struct mirage_device *mdev = queue->mdev;
	struct mirage_queue *running;
	bool hung = false;
	u32 current_chan;
	int before;

	/*
	 * The stopped channel must be restarted before any device reset. A reset in progress ends
	 * the late job, too, or restarts it.
	 */
	if (!down_read_trylock(&mdev->reset.lock))
		return true;
	/* Read before the turn: the channel may be taken off at any moment. */
	before = atomic_read(&mdev->reset.engine_resets);
	current_chan = mirage_reg_read(mdev, MIRAGE_REG32(BUS_CURRENT));
	if (mirage_device_is_running(mdev) && current_chan && current_chan - 1 != queue->chan) {
		running = mirage_queue_by_channel(mdev, current_chan - 1);
		if (running) {
			hung = late_try(running, before);
			mirage_queue_put_later(running);
		}
	}
	up_read(&mdev->reset.lock);
	return hung;
}

/* Has the oldest job exceeded its limit in elapsed time? */
static bool late_by_clock(struct mirage_queue *queue)
{
	long timeout = queue->sched.timeout;

	lockdep_assert_held(&queue->lock);

	/* Neither the time suspended nor the time behind a hung channel is charged. */
	return queue->error.state == DRM_MIRAGE_QUEUE_READY && !list_empty(&queue->in_flight) &&
	       READ_ONCE(queue->context.state) == MIRAGE_CONTEXT_NONE &&
	       timeout != MAX_SCHEDULE_TIMEOUT &&
	       mirage_charge_clock(queue) >= jiffies_to_nsecs(timeout) &&
	       time_after_eq(jiffies, READ_ONCE(queue->mdev->reset.freed) + timeout);
}

/* One check of the engine is enough for many queues whose jobs wait for their turn. */
static bool late_may_ask(struct mirage_device *mdev)
{
	unsigned long asked = READ_ONCE(mdev->reset.asked);

	return time_after_eq(jiffies, asked + msecs_to_jiffies(QUEUE_ASK_MS)) &&
	       cmpxchg(&mdev->reset.asked, asked, jiffies) == asked;
}

/*
 * Has the oldest job exceeded its time limit, by its own fault? If elapsed time exceeds it, another
 * channel may hang the engine. In that case the job's time limit starts over.
 */
static bool late_is_to_blame(struct mirage_queue *queue)
{
	bool late, over;

	spin_lock(&queue->lock);
	late = late_by_clock(queue);
	spin_unlock(&queue->lock);
	if (!late)
		return false;
	over = mirage_charge_is_over(queue);
	if (!over && !late_may_ask(queue->mdev))
		return false;
	if (!late_blames_other(queue))
		return over;

	spin_lock(&queue->lock);
	mirage_charge_begin(queue);
	spin_unlock(&queue->lock);

	return false;
}

/**
 * mirage_queue_expire() - stop a queue if its oldest job takes too long
 * @queue: queue that was polled, a reference held
 *
 * Context: process, may sleep: also finds and ends a hanging job of another queue.
 * Return: true if this stopped it
 */
bool mirage_queue_expire(struct mirage_queue *queue)
{
	const struct mirage_queue_error timeout = {
		.state = DRM_MIRAGE_QUEUE_TIMEOUT,
		.error = -ETIME,
	};
	bool late;

	if (!late_is_to_blame(queue))
		return false;
	/* Before its channel is reset. */
	mirage_coredump_take(queue->mdev, queue, "time-out");

	spin_lock(&queue->lock);
	late = late_by_clock(queue) && mirage_queue_fail_locked(queue, &timeout);
	spin_unlock(&queue->lock);

	if (late)
		drm_err_ratelimited(&queue->mdev->drm,
				    "%s[%d]: queue %u: a job took longer than %u ms; the queue is stopped\n",
				    mirage_queue_comm(queue), mirage_queue_tgid(queue), queue->id,
				    jiffies_to_msecs(queue->sched.timeout));

	return late;
}

/**
 * mirage_queues_kick() - check jobs whose events or time-outs may have been missed
 * @mdev: device
 *
 * Signals completed jobs, in case a FENCE event's interrupt was lost, and stops queues whose oldest
 * job takes too long. Called periodically while jobs are in flight.
 *
 * Context: process, may sleep; the device is there.
 */
void mirage_queues_kick(struct mirage_device *mdev)
{
	struct mirage_queue *queue;

	mirage_for_each_queue(mdev, queue) {
		mirage_queue_poll(queue);
		mirage_queue_expire(queue);
	}
}
