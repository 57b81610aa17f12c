// SPDX-License-Identifier: MIT
/*
 * The guest's accesses to registers. Reading and writing is generic; the few registers with effects are the cases of
 * two switches. Doorbells are the only registers on a hot path: they take no lock.
 */
#include "device.h"
#include "regs.h"

/* Low half of a 64-bit counter: keeps the high half for the next read. */
static u32 latch_u64(struct device *dev, u32 offset, u64 value)
{
	dev->regs.latch[offset / 4 + 1] = (u32)(value >> 32);
	return (u32)value;
}

static bool is_perf(u32 offset)
{
	return offset >= MIRAGE_PERF_PACKETS && offset < MIRAGE_PERF_PACKETS + 8 * PERF_NR_COUNTERS;
}

u32 regs_read(struct device *dev, u32 offset)
{
	u32 value;

	switch (regs_access(offset)) {
	case REG_NONE:
		return UINT32_MAX;
	case REG_WO:
		return 0;
	default:
		break;
	}
	lock_acquire(&dev->lock);
	if (offset == MIRAGE_BUS_CURRENT)
		value = runlist_current(dev) ? runlist_current(dev)->id + 1 : 0;
	else if (offset == MIRAGE_BUS_TIME_LO)
		value = latch_u64(dev, offset, device_time(dev));
	else if (is_perf(offset) && offset % 8 == 0)
		value = latch_u64(dev, offset, dev->perf[(offset - MIRAGE_PERF_PACKETS) / 8]);
	else if (is_perf(offset) || offset == MIRAGE_BUS_TIME_HI)
		value = dev->regs.latch[offset / 4];
	else
		value = dev->regs.value[offset / 4];
	lock_release(&dev->lock);
	return value;
}

static bool is_queue(u32 offset)
{
	return offset >= MIRAGE_QUEUE_STATUS_LO && offset <= MIRAGE_QUEUE_FAULT_PLACE_HI;
}

static void write_locked(struct device *dev, u32 offset, u32 value)
{
	u32 *reg = &dev->regs.value[offset / 4];

	switch (offset) {
	case MIRAGE_BUS_RESET:
		if (value == 1)
			device_reset(dev);
		return;
	case MIRAGE_BUS_ENGINE_RESET:
		if (value == 1)
			device_engine_reset(dev);
		return;
	case MIRAGE_TEST_GONE:
		if (value)
			device_reset(dev);
		break;
	case MIRAGE_TEST_HOLD_INV:
	case MIRAGE_TEST_HOLD_SYNC:
	case MIRAGE_TEST_HOLD_REPLAY:
	case MIRAGE_TEST_HOLD_CHAN_START:
	case MIRAGE_TEST_HOLD_CHAN_STOP:
	case MIRAGE_TEST_HOLD_CHAN_SAVE:
		/* Commands that were held may go on. */
		engine_wake(dev);
		break;
	case MIRAGE_BUS_CTRL:
		value &= MIRAGE_BUS_CTRL_ENABLE__MASK;
		if (value == *reg)
			return;
		*reg = value;
		if (value)
			device_enable(dev);
		else
			device_disable(dev);
		return;
	case MIRAGE_INTR_PENDING:
		*reg &= ~value;
		return;
	case MIRAGE_INTR_ENABLE:
		*reg = value & MIRAGE_INTR_ENABLE_ALL__MASK;
		return;
	}
	/* The device has latched them. */
	if (is_queue(offset) && regs_get(dev, MIRAGE_BUS_CTRL))
		return;
	*reg = value;
}

void regs_write(struct device *dev, u32 offset, u32 value)
{
	if (regs_access(offset) == REG_NONE || regs_access(offset) == REG_RO)
		return;
	switch (offset) {
	case MIRAGE_DOORBELL_CMD:
		engine_doorbell_cmd(dev);
		return;
	case MIRAGE_DOORBELL_CHAN:
		engine_doorbell_chan(dev, value);
		return;
	}
	lock_acquire(&dev->lock);
	write_locked(dev, offset, value);
	lock_release(&dev->lock);
}
