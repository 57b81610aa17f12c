// SPDX-License-Identifier: GPL-2.0
/*
 * Which time counts against the limit of a job.
 *
 * A job has its queue's time limit from the moment when it becomes the oldest of its channel.
 * Charged is the elapsed time minus two parts. The first is the time in which the channel had work
 * and waited for its turn; the device adds it up (wait_ns in the channel's descriptor). So a job
 * behind a thousand busy channels is not stopped for their use. The second is the time of fault
 * service in the address space: mm spends it, and on an emulated machine it is most of a faulting
 * job's time. But mm may wait for I/O without a bound, so at most CHARGE_SERVICE times the limit is
 * left out, and nothing of a service that has not ended. Computing and waiting at a semaphore are
 * charged. So a job that never ends is stopped, and every fence is finite.
 *
 * Channels of one priority take turns, so each gets at least one part in BUS_NR_CHANNELS of the
 * time. A job that has been the oldest for its limit times that number has waited for higher
 * priorities. Those may never leave it a turn, so it is stopped too.
 *
 * A wait may be in progress when charging begins. Reading the device's clock is a register access,
 * which is too slow to make for every job. So the descriptor's word is saved as it is, and
 * evaluated only when the job has exceeded its limit by the clock: the device's time at the
 * beginning is then its current time minus what the kernel's clock has counted since.
 *
 * Devices before revision 1.4 do not report how long a channel has waited. There the wait is
 * charged, too.
 *
 * Rejected: charging run_ns. A job that waits at a semaphore for ever would never end. Rejected: a
 * limit that grows with the number of busy channels. The driver does not know which channels were
 * busy, and for how long.
 */
#include "queue/charge.h"

#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/minmax.h>

#include <drm/drm_drv.h>

#include "device/device.h"
#include "device/regs.h"
#include "device/shared.h"
#include "mmu/vm.h"
#include "queue/queue.h"

/* First hardware revision whose descriptors have wait_ns. */
#define CHARGE_REVISION	(MIRAGE_REG_SET(BUS_REVISION_MAJOR, 1) | MIRAGE_REG_SET(BUS_REVISION_MINOR, 4))

/* Maximum time of fault service that is not charged, in multiples of the limit. */
#define CHARGE_SERVICE	3

/* Nanoseconds of fault service in the queue's address space; 0 if its jobs do not fault. */
static u64 charge_read_service(const struct mirage_queue *queue)
{
	if (!mirage_queue_may_fault(queue))
		return 0;
	return atomic64_read(&queue->vm->stats.value[DRM_MIRAGE_STAT_NS_SERVICE]);
}

static u64 charge_read_wait(const struct mirage_queue *queue)
{
	return mirage_shared_read64(&queue->mdev->chans[queue->chan].wait_ns);
}

/* Total time that the channel has waited, at the device's time @bus_ns, modulo 2^63. */
static u64 charge_sum(u64 wait_ns, u64 bus_ns)
{
	return wait_ns & MIRAGE_CHAN_WAITING ? wait_ns + bus_ns : wait_ns;
}

/**
 * mirage_charge_begin() - start charging time to the oldest job, or to the next one
 * @queue: queue that owns a channel
 *
 * Context: mirage_queue.lock held, or the queue is not visible yet.
 */
void mirage_charge_begin(struct mirage_queue *queue)
{
	queue->charge.begun_ns = ktime_get_ns();
	queue->charge.wait_ns = charge_read_wait(queue);
	queue->charge.service_ns = charge_read_service(queue);
}

/**
 * mirage_charge_clock() - elapsed nanoseconds since mirage_charge_begin()
 * @queue: queue
 *
 * Context: mirage_queue.lock held.
 */
u64 mirage_charge_clock(const struct mirage_queue *queue)
{
	lockdep_assert_held(&queue->lock);
	return ktime_get_ns() - queue->charge.begun_ns;
}

/*
 * How much of @clock nanoseconds before the device's time @bus_ns has the channel waited for its
 * turn?
 */
static u64 charge_waited(const struct mirage_queue *queue, u64 clock, u64 bus_ns)
{
	u64 before = charge_sum(queue->charge.wait_ns, bus_ns - clock);
	u64 now = charge_sum(charge_read_wait(queue), bus_ns);
	/*
	 * Difference modulo 2^63; may be negative, since the values were not read at the same
	 * moment.
	 */
	s64 waited = (s64)((now - before) << 1) >> 1;

	return clamp_t(s64, waited, 0, clock);
}

/**
 * mirage_charge_is_over() - has the oldest job exceeded its time limit?
 * @queue: queue whose sched.timeout is finite, a reference held
 *
 * Context: process; takes mirage_queue.lock and mirage_device.reg_lock.
 * Return: true if so; false also when the device is gone
 */
bool mirage_charge_is_over(struct mirage_queue *queue)
{
	u64 limit = jiffies_to_nsecs(queue->sched.timeout);
	struct mirage_device *mdev = queue->mdev;
	u64 clock, bus_ns, left_out = 0;
	int idx;

	if (!drm_dev_enter(&mdev->drm, &idx))
		return false;
	bus_ns = mirage_reg_read64(mdev, MIRAGE_REG_PAIR(BUS_TIME));
	spin_lock(&queue->lock);
	clock = mirage_charge_clock(queue);
	if (mdev->caps.revision >= CHARGE_REVISION)
		left_out = charge_waited(queue, clock, bus_ns);
	left_out += min(charge_read_service(queue) - queue->charge.service_ns,
			CHARGE_SERVICE * limit);
	spin_unlock(&queue->lock);
	drm_dev_exit(idx);

	/* The two parts overlap if a fault of another queue is served while this one waits. */
	left_out = min(left_out, clock);
	return clock - left_out >= limit || clock / mdev->caps.nr_channels >= limit;
}
