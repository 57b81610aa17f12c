// SPDX-License-Identifier: MIT
/*
 * The device as every unit uses it: its time, and the way to halt it. Kept apart from device.c, which
 * uses every unit.
 */
#include "device.h"
#include "log.h"

u64 device_time(struct device *dev)
{
	return now_ns() - dev->time_base;
}

void device_halt(struct device *dev, enum mirage_dev_error error)
{
	if (!dev->running)
		return;
	log_error("device halted: error %d", error);
	dev->running = false;
	regs_set(dev, MIRAGE_BUS_ERROR, error);
	regs_set(dev, MIRAGE_BUS_STATUS, MIRAGE_BUS_STATUS_HALTED__MASK);
	intr_fire(dev, MIRAGE_INTR_PENDING_ERROR__MASK);
}
