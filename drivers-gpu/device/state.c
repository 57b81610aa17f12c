// SPDX-License-Identifier: GPL-2.0
/*
 * The device's run state, and its transitions: one place for probe, reset and resume.
 *
 *            start                      wedge
 *   STOPPED ------> RUNNING      any -------> WEDGED
 *           <------
 *             stop
 *
 * The device may touch memory only while it is RUNNING. Stopping blocks its DMA: ENABLE is cleared
 * and bus mastering is disabled before the new state is visible. So a waiter for the device to
 * release memory is done once the state is no longer RUNNING, and a device that does not answer is
 * stopped instead of waited for. Notifiers that must not sleep do this too, so blocking takes only
 * a spinlock; works do the rest (device/reset.c).
 *
 * Starting is the same after power-on, reset and suspend: the device is reset, given the addresses
 * of its queues, enabled, and asked for an answer. The kernel keeps its memory: the VM table is
 * unchanged, and events and faults continue at their previous indices. Commands posted before are
 * void and count as done, because a reset device has no translations and no running channel.
 * mirage_queues_restart() starts the channels.
 *
 * Rejected: emptying all queues at a start, as drivers of firmware interfaces do. It would take the
 * locks of the readers, under which they signal fences and drop references.
 */
#include "device/state.h"

#include <linux/iopoll.h>
#include <linux/ktime.h>
#include <linux/pci.h>

#include <drm/drm_print.h>

#include "device/device.h"
#include "device/names.h"
#include "device/regs.h"

#define RESET_POLL_US		100
#define RESET_TIMEOUT_US	(5 * USEC_PER_SEC)

/* DRM_MIRAGE_PARAM_COUNTER numbers the counters in the order of their registers. */
static const struct mirage_reg64 state_counters[MIRAGE_NR_COUNTERS] = {
#define REG64(unit, name, off, access, doc) MIRAGE_REG64(unit##_##name),
#include <hw/regs/all.def>
};

/* Read a counter of the PERF unit. A device that has left the bus reads as ones: count nothing. */
static u64 state_read_counter(struct mirage_device *mdev, unsigned int index)
{
	u64 value = mirage_reg_read64(mdev, state_counters[index]);

	return upper_32_bits(value) == U32_MAX ? 0 : value;
}

/* Add up the counts since the last start, before a reset or a loss of power clears them. */
static void state_save_counters(struct mirage_device *mdev)
{
	unsigned int i;

	lockdep_assert_held(&mdev->state_lock);

	for (i = 0; i < MIRAGE_NR_COUNTERS; i++)
		mdev->counters[i] += state_read_counter(mdev, i);
}

/* Leave RUNNING for @to, or any state for WEDGED; true if the device was running. */
static bool state_block_dma(struct mirage_device *mdev, enum mirage_device_state to)
{
	bool was_running;

	spin_lock(&mdev->state_lock);
	was_running = atomic_read(&mdev->state) == MIRAGE_DEVICE_RUNNING;
	if (was_running) {
		mirage_reg_write(mdev, MIRAGE_REG32(INTR_ENABLE), 0);
		mirage_reg_write(mdev, MIRAGE_REG32(BUS_CTRL), 0);
		/* The read returns only after the write has taken effect. */
		mirage_reg_read(mdev, MIRAGE_REG32(BUS_CTRL));
		pci_clear_master(to_pci_dev(mdev->drm.dev));
		/* The engines have stopped, so the counters are final. */
		state_save_counters(mdev);
	}
	/* Release: a reader of the new state also sees the blocked DMA. */
	if (was_running || to == MIRAGE_DEVICE_WEDGED)
		atomic_set_release(&mdev->state, to);
	spin_unlock(&mdev->state_lock);
	return was_running;
}

/**
 * mirage_device_stop() - block the device's DMA, until it is started again
 * @mdev: device, whose registers are mapped
 *
 * Context: any but hard interrupts; takes mirage_device.state_lock.
 * Return: true if this call stopped it
 */
bool mirage_device_stop(struct mirage_device *mdev)
{
	return state_block_dma(mdev, MIRAGE_DEVICE_STOPPED);
}

/**
 * mirage_device_wedge() - block the device's DMA for good
 * @mdev: device, whose registers are mapped
 *
 * Context: any but hard interrupts; takes mirage_device.state_lock.
 */
void mirage_device_wedge(struct mirage_device *mdev)
{
	state_block_dma(mdev, MIRAGE_DEVICE_WEDGED);
}

static int state_reset(struct mirage_device *mdev)
{
	u32 value;
	int ret;

	mirage_reg_write(mdev, MIRAGE_REG32(BUS_RESET), 1);
	ret = read_poll_timeout(mirage_reg_read, value, !value, RESET_POLL_US, RESET_TIMEOUT_US,
				false, mdev, MIRAGE_REG32(BUS_RESET));
	if (ret)
		drm_err(&mdev->drm, "BUS_RESET is %#x after %ld us, so the reset did not end\n", value,
			RESET_TIMEOUT_US);
	return ret;
}

static void state_write_queues(struct mirage_device *mdev)
{
	mirage_reg_write64(mdev, MIRAGE_REG_PAIR(QUEUE_STATUS),
			   mirage_mem_phys(&mdev->status_mem, 0));
	mirage_reg_write64(mdev, MIRAGE_REG_PAIR(QUEUE_CMD), mirage_mem_phys(&mdev->cmdq.mem, 0));
	mirage_reg_write(mdev, MIRAGE_REG32(QUEUE_CMD_ORDER), mdev->cmdq.order);
	mirage_reg_write64(mdev, MIRAGE_REG_PAIR(QUEUE_FAULT),
			   mirage_mem_phys(&mdev->fault_buffer.mem, 0));
	mirage_reg_write(mdev, MIRAGE_REG32(QUEUE_FAULT_ORDER), mdev->fault_buffer.order);
	mirage_reg_write64(mdev, MIRAGE_REG_PAIR(QUEUE_FAULT_PLACE),
			   mirage_mem_phys(&mdev->fault_buffer.place_mem, 0));
	mirage_reg_write64(mdev, MIRAGE_REG_PAIR(QUEUE_EVENT),
			   mirage_mem_phys(&mdev->events.mem, 0));
	mirage_reg_write(mdev, MIRAGE_REG32(QUEUE_EVENT_ORDER), mdev->events.order);
	mirage_reg_write64(mdev, MIRAGE_REG_PAIR(QUEUE_CHAN_TABLE),
			   mirage_mem_phys(&mdev->chan_mem, 0));
	mirage_reg_write64(mdev, MIRAGE_REG_PAIR(QUEUE_VM_TABLE),
			   mirage_mem_phys(&mdev->vm_mem, 0));
}

/*
 * The device's clock restarts at 0 with each reset; the driver's clock continues. The first start
 * defines the offset.
 */
static void state_set_clock(struct mirage_device *mdev)
{
	u64 before = ktime_get_ns();
	u64 time = mirage_reg_read64(mdev, MIRAGE_REG_PAIR(BUS_TIME));
	u64 now = (before + ktime_get_ns()) / 2;

	if (!mdev->time_offset)
		mdev->time_offset = now - time;
	/* Release: a reader of the new base also knows which faults are older. */
	smp_store_release(&mdev->time_base, now - mdev->time_offset - time);
}

static int state_enable(struct mirage_device *mdev)
{
	int ret = 0;

	spin_lock(&mdev->state_lock);
	if (atomic_read(&mdev->state) != MIRAGE_DEVICE_STOPPED) {
		ret = -ENODEV;
	} else {
		/* From here on commands are posted; the device reads them when it is enabled. */
		mirage_cmdq_restart(mdev);
		pci_set_master(to_pci_dev(mdev->drm.dev));
		mirage_reg_write(mdev, MIRAGE_REG32(BUS_CTRL), MIRAGE_REG_SET(BUS_CTRL_ENABLE, 1));
		if (!MIRAGE_REG_GET(BUS_STATUS_ENABLED,
				    mirage_reg_read(mdev, MIRAGE_REG32(BUS_STATUS))))
			ret = -EIO;
	}
	spin_unlock(&mdev->state_lock);
	return ret;
}

/**
 * mirage_device_start() - reset and enable the device
 * @mdev: device, STOPPED; its tables and queues in memory are there
 *
 * The content of VRAM stays, as far as the device has kept it. Page tables must be valid before
 * channels start; this function starts none. On failure the device has its DMA blocked.
 *
 * Context: may sleep; allocates nothing and takes only spinlocks, so fences may wait for it. One
 * caller at a time: probe, or the holder of mirage_reset.lock for writing.
 * Return: 0; -ENODEV it was wedged meanwhile; -ETIMEDOUT the reset did not end; -EIO it refuses its
 * queues or does not answer
 */
int mirage_device_start(struct mirage_device *mdev)
{
	int ret;

	ret = state_reset(mdev);
	if (ret)
		return ret;
	state_write_queues(mdev);
	mirage_irq_restart(mdev);
	mirage_fault_buffer_restart(mdev);
	mirage_event_restart(mdev);
	state_set_clock(mdev);

	ret = state_enable(mdev);
	if (ret == -EIO) {
		u32 error = mirage_reg_read(mdev, MIRAGE_REG32(BUS_ERROR));

		drm_err(&mdev->drm, "device is not enabled: error %u, %s\n", error,
			mirage_dev_error_name(error));
		mirage_device_stop(mdev);
	}
	if (ret)
		return ret;

	/* The first command proves that the device reaches memory. */
	if (mirage_cmdq_wait(mdev, mirage_cmdq_invalidate_all(mdev, 0), true)) {
		mirage_device_stop(mdev);
		return -EIO;
	}
	return 0;
}

/**
 * mirage_device_counter() - read a counter of the device
 * @mdev: device, between drm_dev_enter() and drm_dev_exit(); if suspended, it is not resumed
 * @index: in the PERF unit, below MIRAGE_NR_COUNTERS
 *
 * Unlike the registers, it continues through resets and sleep.
 *
 * Context: any but hard interrupts; takes mirage_device.state_lock and mirage_device.reg_lock.
 * Return: count since the device was probed
 */
u64 mirage_device_counter(struct mirage_device *mdev, unsigned int index)
{
	u64 value;

	spin_lock(&mdev->state_lock);
	value = mdev->counters[index];
	if (atomic_read(&mdev->state) == MIRAGE_DEVICE_RUNNING)
		value += state_read_counter(mdev, index);
	spin_unlock(&mdev->state_lock);
	return value;
}

/**
 * mirage_device_time() - the device's clock
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 *
 * Unlike BUS_TIME, it continues through resets.
 *
 * Context: any but hard interrupts; takes mirage_device.reg_lock.
 * Return: nanoseconds since the device was probed
 */
u64 mirage_device_time(struct mirage_device *mdev)
{
	return mirage_reg_read64(mdev, MIRAGE_REG_PAIR(BUS_TIME)) + READ_ONCE(mdev->time_base);
}

/**
 * mirage_device_estimate_time() - estimate the device's clock without a register access
 * @mdev: device
 *
 * Precise to about the time of a register access, which suffices for statistics.
 *
 * Return: nanoseconds since the device was probed
 */
u64 mirage_device_estimate_time(const struct mirage_device *mdev)
{
	return ktime_get_ns() - mdev->time_offset;
}
