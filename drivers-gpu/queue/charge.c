// SPDX-License-Identifier: GPL-2.0
/*
 * Which time counts against the limit of a job.
 *
 * A job has its queue's limit from the moment when it is the oldest of its channel. What counts is the
 * time on the clock without that in which the channel had work and waited for its turn, which the device
 * adds up (wait_ns in the channel's descriptor). So a job behind a thousand busy channels is not
 * stopped for what they do. Time in which faults of the address space are served does not count
 * either: it is mm's, and on an emulated machine most of a faulting job's. But mm may wait for I/O without a bound,
 * so no more than CHARGE_SERVICE limits of it are left out, and none of a service that has not ended. Computing and
 * waiting at a semaphore count. So a job that never ends is stopped, and a fence is finite.
 *
 * Channels of one priority take turns, so of BUS_NR_CHANNELS each has its share of the time at least. A
 * job that has been the oldest for its limit times that number has waited for higher priorities.
 * Those may never leave it a turn, so that ends it, too.
 *
 * A wait may be under way when the time begins to count, and the device's clock is a register, which
 * is not read on the way of every job. So the descriptor's word is kept as it is, and evaluated when the
 * job is late by the clock: the device's time then is its time now without what the kernel's clock
 * has counted meanwhile.
 *
 * Devices before revision 1.4 do not tell how long a channel has waited. There all time on the clock counts.
 *
 * Rejected: counting run_ns. A job that waits at a semaphore for ever would never end. Rejected: a limit that
 * grows with the number of busy channels. The driver does not know which channels were busy, and for how long.
 */
#include "queue/charge.h"

#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/minmax.h>

#include <drm/drm_drv.h>

#include "device/device.h"
#include "device/regs.h"
#include "mmu/vm.h"
#include "queue/queue.h"

/* The first revision of the hardware whose descriptors have wait_ns. */
#define CHARGE_REVISION	(MIRAGE_REG_SET(BUS_REVISION_MAJOR, 1) | MIRAGE_REG_SET(BUS_REVISION_MINOR, 4))

/* So many times the limit may be spent in serving faults. */
#define CHARGE_SERVICE	3

/* Nanoseconds in which faults of the queue's address space were served; 0 if its jobs do not fault. */
static u64 charge_read_service(const struct mirage_queue *queue)
{
	if (!mirage_queue_may_fault(queue))
		return 0;
	return atomic64_read(&queue->vm->stats.value[DRM_MIRAGE_STAT_NS_SERVICE]);
}

static u64 charge_read_wait(const struct mirage_queue *queue)
{
	return le64_to_cpu(READ_ONCE(queue->mdev->chans[queue->chan].wait_ns));
}

/* The sum of a channel's waits at the device's time @bus_ns, modulo 2^63. */
static u64 charge_sum(u64 wait_ns, u64 bus_ns)
{
	return wait_ns & MIRAGE_CHAN_WAITING ? wait_ns + bus_ns : wait_ns;
}

/**
 * mirage_charge_begin() - from now on time counts against the oldest job, or the next
 * @queue: queue that has its channel
 *
 * Context: mirage_queue.lock held, or nobody else has the queue yet.
 */
void mirage_charge_begin(struct mirage_queue *queue)
{
	queue->charge.begun_ns = ktime_get_ns();
	queue->charge.wait_ns = charge_read_wait(queue);
	queue->charge.service_ns = charge_read_service(queue);
}

/**
 * mirage_charge_clock() - nanoseconds on the clock since mirage_charge_begin()
 * @queue: queue
 *
 * Context: mirage_queue.lock held.
 */
u64 mirage_charge_clock(const struct mirage_queue *queue)
{
	lockdep_assert_held(&queue->lock);
	return ktime_get_ns() - queue->charge.begun_ns;
}

/* Of @clock nanoseconds until the device's time @bus_ns: how long has the channel waited for its turn? */
static u64 charge_waited(const struct mirage_queue *queue, u64 clock, u64 bus_ns)
{
	u64 before = charge_sum(queue->charge.wait_ns, bus_ns - clock);
	u64 now = charge_sum(charge_read_wait(queue), bus_ns);
	/* The difference modulo 2^63; what was read at different moments may make it negative. */
	s64 waited = (s64)((now - before) << 1) >> 1;

	return clamp_t(s64, waited, 0, clock);
}

/**
 * mirage_charge_is_over() - has the oldest job had its time?
 * @queue: queue whose sched.timeout is finite, a reference held
 *
 * Context: process; takes mirage_queue.lock and mirage_device.reg_lock.
 * Return: false also when the device is gone
 */
bool mirage_charge_is_over(struct mirage_queue *queue)
{
	u64 limit = jiffies_to_nsecs(queue->sched.timeout);
	struct mirage_device *mdev = queue->mdev;
	u64 clock, bus_ns, left_out = 0;
	int idx;

	if (!drm_dev_enter(&mdev->drm, &idx))
		return false;
	bus_ns = mirage_reg_read64(mdev, MIRAGE_BUS_TIME_LO);
	spin_lock(&queue->lock);
	clock = mirage_charge_clock(queue);
	if (mdev->caps.revision >= CHARGE_REVISION)
		left_out = charge_waited(queue, clock, bus_ns);
	left_out += min(charge_read_service(queue) - queue->charge.service_ns,
			CHARGE_SERVICE * limit);
	spin_unlock(&queue->lock);
	drm_dev_exit(idx);

	/* Another queue's fault may be served while this one waits for its turn. */
	left_out = min(left_out, clock);
	return clock - left_out >= limit || clock / mdev->caps.nr_channels >= limit;
}
